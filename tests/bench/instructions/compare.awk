# awk -f compare.awk baseline.txt <counts>
# Every call with both counts; fails where they are over 3 % apart, and where one of the two lacks a call.
/^#/ || $1 == "compiler" { next }
{
    count = $1
    name = $0
    sub(/^ *[0-9]+ /, "", name)
}
FNR == NR { baseline[name] = count; next }
{ order[++calls] = name; now[name] = count }

function line(name, verdict)
{
    printf "%-44s %10s %10s", name, name in baseline ? baseline[name] : "-", name in now ? now[name] : "-"
    if (name in baseline && name in now) printf " %+8.2f %%", 100 * (now[name] / baseline[name] - 1)
    print verdict == "" ? "" : "  " verdict
}

END {
    printf "%-44s %10s %10s\n", "instructions of a call", "baseline", "now"
    for (i = 1; i <= calls; i++) {
        name = order[i]
        if (!(name in baseline)) { line(name, "not in the baseline"); changed++ }
        else if (now[name] > 1.03 * baseline[name]) { line(name, "SLOWER"); slower++ }
        else if (now[name] < 0.97 * baseline[name]) { line(name, "faster"); faster++ }
        else line(name, "")
    }
    for (name in baseline)
        if (!(name in now)) { line(name, "no longer counted"); changed++ }

    if (!slower && !faster && !changed && calls) { print "all " calls " calls within 3 % of the baseline"; exit }
    if (slower) print "more instructions than the baseline, by over 3 %: " slower " of " calls " calls"
    if (faster) print "fewer, by over 3 %: " faster " of " calls "; unless they are recorded a later change could give them back unseen"
    if (changed) print "in one of the two tables alone: " changed
    print "To record the new baseline: sh tests/bench/instructions/record.sh"
    exit 1
}
