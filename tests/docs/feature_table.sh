# README's feature table: libxent's cells promise something, and what each row is shown by is a test. A name stands for the tests that
# begin with it. CTest gives the variables (CMakeLists.txt).
set -eu
readme=$SOURCE_DIR/README.md
bad=0

# rows: the cells of the table's body, separated by |
rows=$(awk '/^## Features/ { inside = 1 } /^## / && !/Features/ { inside = 0 } inside && /^\|/ && ++n > 2' "$readme")
[ "$(printf '%s\n' "$rows" | grep -c '^|')" -ge 20 ] || { echo "README.md has no feature table" >&2; exit 1; }

complain()
{
    echo "README.md, row \"$feature\": $1" >&2
    bad=1
}

while IFS='|' read -r _ feature ours rest; do
    feature=$(echo "$feature" | sed 's/^ *//; s/ *$//')
    [ "$(printf '%s' "$rest" | tr -cd '|' | wc -c)" -eq 9 ] || complain "it does not have 11 cells"
    case $ours in
    ' no ' | ' – ' | ' ' | '') complain "libxent's cell is \"$ours\"" ;;
    esac
    shown_by=$(printf '%s' "$rest" | sed 's/ *|$//; s/.*| *//' | tr -d '`,')
    [ -n "$shown_by" ] || complain "no test shows it"
    for test in $shown_by; do
        room=${test%%/*} name=${test#*/}
        lists=$(find "$SOURCE_DIR/tests" -path "*/$room/CMakeLists.txt")
        [ -n "$lists" ] && grep -Eq "(^|[^[:alnum:]_/])$name" "$lists" || complain "there is no test $test"
    done
done <<EOF
$rows
EOF
exit $bad
