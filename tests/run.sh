#!/bin/sh
# sh tests/run.sh [<cmake option>...]
# Installs what the tests need where it is missing, builds everything in a temporary directory and runs all tests. Ends with
# CTest's summary and exit code; the checkout stays as it was.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"

provide cc make cmake cmocka
offer jansson || echo "Without jansson the program xent and its tests are left out."
offer pkg-config || echo "Without pkg-config the tests of the installed package that use it are skipped."

build=$(mktemp -d "${TMPDIR:-/tmp}/xent-tests.XXXXXX")
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "== building, then testing: some 20 minutes of CPU time, shared by $(processors) processors; XENT_TEST_EFFORT=0.1 in the environment" \
    "cuts random tests to a tenth"
cmake -S "$root" -B "$build" -DXENT_BUILD_TESTS=ON -DXENT_BUILD_EXAMPLES=ON "$@"
cmake --build "$build" -j "$(processors)"
echo "== testing"
ctest --test-dir "$build" --no-tests=error --output-on-failure -j "$(processors)"
