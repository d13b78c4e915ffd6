# docs/$PAGE: its C snippets compile, and print on every backend what the page says (snippets.awk). CTest gives the variables
# (CMakeLists.txt).
set -eu
tests=$(cd "$(dirname "$0")" && pwd)
. "$SOURCE_DIR/tests/support/begin.sh"

awk -v page="docs/$PAGE" -v program=snippets.inc.h -v expected=expected -f "$tests/snippets.awk" "$SOURCE_DIR/docs/$PAGE" ||
    fail "docs/$PAGE has no C snippets, or some that print nothing"

# shellcheck disable=SC2086
"$CC" $CFLAGS -std=c11 -Wall -Wextra -Werror -pthread -I. -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/docs/examples" \
    "$tests/snippets_main.c" "$SOURCE_DIR/docs/examples/snippet.c" "$LIBRARY" -lm -o snippets
export LD_LIBRARY_PATH="$(dirname "$LIBRARY")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
backends=$($EMULATOR ./snippets list)
[ -n "$backends" ] || fail "there are no backends"
for backend in $backends; do
    XENT_BACKEND=$backend $EMULATOR ./snippets >"printed.$backend"
    diff expected "printed.$backend" || fail "< is what docs/$PAGE says, > what backend $backend prints"
done
echo "$(grep -c '^==' expected) sections on: $(echo $backends)"
