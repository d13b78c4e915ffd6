# compare_test.sh <source directory> <instructions_calls>
# compare.awk tells the same, slower, faster and missing calls apart, and baseline.txt has the calls that calls.c makes.
set -eu
here=$1/tests/bench/instructions calls=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# expect <exit code> <words in the output> <count of call a now> <call b now, "<count> <name>", or nothing>
# Of the baseline a takes 1000 instructions, and so does b.
expect()
{
    printf '%10d %s\n' "$3" "call a" >"$work/now"
    [ -z "$4" ] || echo "$4" >>"$work/now"
    awk -f "$here/compare.awk" "$work/baseline" "$work/now" >"$work/found" && found=0 || found=$?
    if [ "$found" -ne "$1" ] || ! grep -Eq "$2" "$work/found"; then
        echo "expected exit code $1 and \"$2\", found $found and"
        cat "$work/found"
        status=1
    fi
}

printf '# a comment\ncompiler gcc 1 2\n      1000 call a\n1000 call b\n' >"$work/baseline"
expect 0 "^all 2 calls within 3 %" 1000 "1000 call b"
expect 0 "^all 2 calls within 3 %" 1030 "970 call b"
expect 1 "^call a +1000 +1031 +\+3\.10 %  SLOWER" 1031 "1000 call b"
expect 1 "^more instructions than the baseline, by over 3 %: 1 of 2 calls" 1031 "1000 call b"
expect 1 "^call b +1000 +969 +-3\.10 %  faster" 1000 "969 call b"
expect 1 "^To record the new baseline: sh tests/bench/instructions/record\.sh" 1000 "969 call b"
expect 1 "^call b +1000 +-  no longer counted" 1000 ""
expect 1 "^call c +- +1000  not in the baseline" 1000 "1000 call c"

"$calls" >"$work/names" && made=0 || made=$?
[ $made -ne 77 ] || { echo "skipped: calls.c on this CPU"; exit $((status ? 1 : 77)); }
[ $made -eq 0 ] || status=1
sed -e '/^#/d' -e '/^compiler /d' -e 's/^ *[0-9]* //' "$here/baseline.txt" | diff "$work/names" - || {
    echo "< in calls.c, > in baseline.txt"
    status=1
}
exit $status
