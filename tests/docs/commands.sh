# Every script that the documents name as a command is there, and those that install what they miss say what they do where --help asks,
# and do nothing. CTest gives the variables (CMakeLists.txt).
set -eu
. "$SOURCE_DIR/tests/support/begin.sh"
grep -ohE '\b(sh|bash|python3) (\.ci|[a-z]+)/[a-z_/]+(\.sh|\.py)?' "$SOURCE_DIR/README.md" "$SOURCE_DIR"/docs/*.md "$SOURCE_DIR/docs/examples/README.md" |
    sort -u >commands
[ "$(wc -l <commands)" -ge 20 ] || fail "only these commands were found: $(cat commands)"

described=0
while read -r shell script; do
    [ -f "$SOURCE_DIR/$script" ] || fail "the documents name $script, which is not there"
    grep -qE '^\. .*/(provide|begin)\.sh"' "$SOURCE_DIR/$script" && [ "$shell" = sh ] || continue
    for ask in --help -h; do
        (cd "$SOURCE_DIR" && sh "$script" $ask) >said 2>&1 || fail "$script $ask ends with $?"
        sed -n 1p said | grep -q "^sh $script" && [ "$(wc -l <said)" -ge 2 ] || { cat said; fail "$script $ask does not say how it is called"; }
    done
    described=$((described + 1))
done <commands
[ $described -ge 12 ] || fail "only $described scripts were asked"
echo "$(wc -l <commands) commands, $described of which describe themselves"
