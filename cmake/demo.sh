#!/bin/sh
# sh cmake/demo.sh
# Builds the library in a temporary directory and runs the two programs of docs/examples on it; the checkout stays as it was.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"

provide cc make cmake

build=$(mktemp -d "${TMPDIR:-/tmp}/xent-demo.XXXXXX")
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "== building"
cmake -S "$root" -B "$build" -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=ON -DXENT_INSTALL=OFF
cmake --build "$build" -j "$(processors)" --target notebook train_digits
echo "== docs/examples/notebook.c"
"$build/docs/examples/notebook"
echo "== docs/examples/train_digits.c"
"$build/docs/examples/train_digits" "$root/docs/examples/data/digits.csv"
