# man.sh [--record]
# docs/man says what xent.h and the other headers declare, all called xent.h below. Each prototype, type and macro stands in the SYNOPSIS of one page and is what it is in xent.h;
# DESCRIPTION mentions each parameter, field, enumerator, function and macro; NAME lists what the page is found under; ERRORS lists
# what the page's functions can report, by the tables of contract/errors_* where they stand in them. What xent.h says in words is held by checksums: a page
# records that of every paragraph of the header that it repeats, in lines
#     .\" xent.h: <key> <checksum>
# with the first name that the paragraph declares as its key, or the section for a comment of its own. --record renews these; it is for
# whoever has read the page again. CTest gives SOURCE_DIR, WORK_DIR and ERRORS_TABLES (CMakeLists.txt).
set -eu
export LC_ALL=C
tests=$(cd "$(dirname "$0")" && pwd)
source=${SOURCE_DIR:-$tests/../..}
pages=$source/docs/man
if [ "${1-}" = --record ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
else
    work=$WORK_DIR
    rm -rf "$work"
    mkdir -p "$work"
fi
cd "$work"
bad=0

complain()
{
    echo "$1" >&2
    bad=1
}

# same <file> <file> <what the lines mean>
same()
{
    diff "$1" "$2" >&2 || complain "$3"
}

awk -f "$tests/man_c.awk" -f "$tests/man_header.awk" "$source/include/xent.h" "$source"/include/xent_*.h >header
for page in "$pages"/*.3; do
    awk -v page="$(basename "$page" .3)" -f "$tests/man_c.awk" -f "$tests/man_page.awk" "$page"
done >said
cut -f 2- said >pages
[ "$(grep -c '^function' header)" -gt 30 ] || complain "xent.h was not understood"

# "<key> <checksum> <name>..." of the header's paragraphs
awk -F '\t' '/^paragraph/ { print > ("paragraph." $2) }' header
for file in paragraph.*; do
    key=${file#paragraph.}
    echo "$key $(cut -f 3 "$file" | cksum | cut -d ' ' -f 1) $(cut -f 4- "$file" | tr '\t' ' ')"
done >sums
# "<page> <key>": what each page must record; a section where the page says so
awk -F '\t' '
    NR == FNR { split($0, word, " "); for (i = 3; i in word; i++) key[word[i]] = word[1]; delete word; next }
    $2 ~ /^(function|type|macro)$/ && $3 in key { print $1, key[$3] }
    $2 == "recorded" { print $1, $3 }' sums said | sort -u >due
awk 'NR == FNR { sum[$1] = $2; next } { print $1, $2, ($2 in sum ? sum[$2] : "gone") }' sums due >recorded_now

if [ "${1-}" = --record ]; then
    for page in "$pages"/*.3; do
        name=$(basename "$page" .3)
        awk -v page="$name" '
            NR == FNR { if ($1 == page && $3 != "gone") lines = lines ".\\\" xent.h: " $2 " " $3 "\n"; next }
            /^\.\\" xent\.h: / { next }
            /^\.Dd/ { printf "%s", lines }
            { print }' recorded_now "$page" >page
        cmp -s page "$page" || { cat page >"$page"; echo "recorded: $name"; }
    done
    exit
fi

awk -F '\t' 'NR == FNR { split($0, word, " "); sum[word[1] " " word[2]] = word[3]; next }
    $2 == "recorded" { old[$1 " " $3] = $4 }
    END { for (key in sum) if (old[key] "" != sum[key] "") print key }' recorded_now said | sort >stale
while read -r page key; do
    complain "xent.h changed what it says of $key: bring docs/man/$page.3 up to date, then run sh tests/docs/man.sh --record"
done <stale
cut -d ' ' -f 1 sums | sort >keys
cut -d ' ' -f 2 due | sort -u >keys_due
same keys keys_due "< is a paragraph of xent.h that no page repeats, > one that xent.h does not have"

for kind in function type; do
    grep "^$kind" header | sort >"header.$kind"
    grep "^$kind" pages | sort >"pages.$kind"
    same "header.$kind" "pages.$kind" "< is in xent.h, > in the SYNOPSIS of a page"
done
grep '^macro' header | cut -f 2 | sort >header.macro
grep '^macro' pages | cut -f 2 | sort >pages.macro
same header.macro pages.macro "< is a macro of xent.h, > one of a SYNOPSIS"
awk -F '\t' '$1 == "macro" && NR == FNR { value[$2] = $3 }
    NR != FNR && $1 == "macro" && $3 != "" && $3 != value[$2] { print $2 " is " value[$2] " in xent.h, " $3 " in a page" }' \
    header pages >differ
[ ! -s differ ] || complain "$(cat differ)"

# Names, and what has to be mentioned in the page that has it in its SYNOPSIS.
awk -F '\t' '$2 ~ /^(function|type)$/ { print $1, $3 } $1 == "libxent" && $2 == "title" { print $1, $1 }' said | sort >due_names
awk -F '\t' '$2 == "name" { print $1, $3 }' said | sort >names
same due_names names "< is in the SYNOPSIS of a page, > in its NAME"
awk -F '\t' '$2 == "title" && $3 != toupper($1) { print $1 ": the title is " $3 }
    $2 == "name" && !($1 in first) { first[$1] = $3; if ($3 != $1) print $1 ": the first name is " $3 }' said >titles
[ ! -s titles ] || complain "$(cat titles)"
awk -F '\t' '
    $2 == "says" { says[$1 " " $3] = 1 }
    $2 ~ /^(parameter|field|enumerator)$/ { due[$1 " " $4] = 1 }
    $2 ~ /^(function|macro)$/ { due[$1 " " $3] = 1 }
    END { for (word in due) if (!(word in says)) print "docs/man: DESCRIPTION does not mention: " word }' said | sort >silent
[ ! -s silent ] || complain "$(cat silent)"

for table in $ERRORS_TABLES; do $EMULATOR "$table" list; done | sort -u >reported
awk 'NR == FNR { errors[$1] = errors[$1] " " $2; next }
    $2 == "function" && $3 in errors { n = split(errors[$3], status, " "); for (i = 1; i <= n; i++) print $1, status[i] }' \
    reported said | sort -u >errors
awk -F '\t' 'NR == FNR { split($0, word, " "); known[word[1]] = 1; next }
    $2 == "function" && $3 in known { page[$1] = 1 }
    $2 == "error" { listed[$1 " " $3] = $1 }
    END { for (error in listed) if (listed[error] in page) print error }' reported said | sort >errors_listed
[ -s errors ] || complain "contract/errors_* list nothing"
same errors errors_listed "< is what the functions of a page report, > what its ERRORS lists"

[ $bad -ne 0 ] || echo "$(ls "$pages"/*.3 | wc -l) pages, $(wc -l <header.function) functions, $(wc -l <sums) paragraphs of xent.h"
exit $bad
