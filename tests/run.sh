#!/bin/sh
# sh tests/run.sh [<cmake option>...]
# Installs what the tests need where it is missing, builds everything in a temporary directory and runs the tests: with a tenth of the
# random problems, and without those that build the library again or are slow. XENT_TEST_EFFORT in the environment says another share, and with it
# all tests run. Ends with CTest's summary and exit code; the checkout stays as it was.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"

provide cc make cmake cmocka
offer jansson || echo "Without jansson the program xent and its tests are left out."
offer pkg-config || echo "Without pkg-config the tests of the installed package that use it are skipped."

build=$(mktemp -d "${TMPDIR:-/tmp}/xent-tests.XXXXXX")
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

choice="-LE builds|slow" takes="8 minutes of CPU time" more="; XENT_TEST_EFFORT=1 in the environment runs all tests with all their problems"
if [ -n "${XENT_TEST_EFFORT:-}" ]; then
    choice="" takes="up to 20 minutes of CPU time" more=""
fi
export XENT_TEST_EFFORT="${XENT_TEST_EFFORT:-0.1}"

echo "== building, then testing: some $takes, shared by $(processors) processors$more"
cmake -S "$root" -B "$build" -DXENT_BUILD_TESTS=ON -DXENT_BUILD_EXAMPLES=ON "$@"
cmake --build "$build" -j "$(processors)"
echo "== testing"
# shellcheck disable=SC2086
ctest --test-dir "$build" --no-tests=error --output-on-failure -j "$(processors)" $choice
