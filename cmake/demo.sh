#!/bin/sh
# sh cmake/demo.sh
# Builds the library in a temporary directory and runs the two programs of docs/examples on it, and the program xent on what the second
# one has learned, if there is jansson; the checkout stays as it was.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"

provide cc make cmake
targets="notebook train_digits"
if offer jansson; then
    targets="$targets xent_tool"
else
    echo "== without jansson there is no program xent: its part is left out"
fi

build=$(mktemp -d "${TMPDIR:-/tmp}/xent-demo.XXXXXX")
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# said <label>: of what `xent eval` has said
said()
{
    sed -n "s/^$1 *\([^ ]*\).*/\1/p" "$build/xent"
}

echo "== building"
cmake -S "$root" -B "$build" -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=ON -DXENT_INSTALL=OFF
# shellcheck disable=SC2086
cmake --build "$build" -j "$(processors)" --target $targets
echo "== docs/examples/notebook.c"
"$build/docs/examples/notebook"
echo "== docs/examples/train_digits.c"
"$build/docs/examples/train_digits" "$root/docs/examples/data/digits.csv" "$build/logits.npy" "$build/digits.npy" >"$build/digits"
if [ ! -x "$build/src/tool/xent" ]; then
    cat "$build/digits"
    exit 0
fi
sed '$d' "$build/digits"
echo "== xent eval, of the logits that it has written"
"$build/src/tool/xent" eval "$build/logits.npy" "$build/digits.npy" >"$build/xent"
cat "$build/xent"
printf 'held out: loss %s\naccuracy %.1f %%\n' "$(said loss)" "$(said accuracy)" >"$build/again"
tail -n 2 "$build/digits" | diff - "$build/again" || { echo "the two programs do not agree"; exit 1; }
echo "== the two agree"
tail -n 1 "$build/digits"
