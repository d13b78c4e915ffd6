#!/bin/sh
# sh tests/coverage.sh [<build directory>]
# Builds everything without optimisation and with gcc's counters, runs the tests, and prints the lines and branches of src/ that they
# reach, of each room and each file, and each line that they do not reach whole. A build directory that is named is kept, and not built anew.
# Exit code 1: a test fails, or fewer lines or branches are reached than tests/coverage.py asks for.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"
provide cc make cmake cmocka
offer jansson || echo "Without jansson nothing is known of src/tool."

if [ $# -gt 0 ]; then
    build=$1
else
    build=$(mktemp -d "${TMPDIR:-/tmp}/xent-coverage.XXXXXX")
    trap 'rm -rf "$build"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
fi
# Assertions are no branches of what is shipped. A function that is compiled into each of its callers has branches in each, most of which its
# arguments decide there; so it stays one (intrinsics write __always_inline__). Threads may lose each other's counts, but never all of them.
cmake -S "$root" -B "$build" -DCMAKE_C_COMPILER="${CC:-gcc}" -DCMAKE_BUILD_TYPE=None -DXENT_BUILD_EXAMPLES=OFF \
    "-DCMAKE_C_FLAGS=-O0 -DNDEBUG -Dalways_inline=__unused__ --coverage -fprofile-abs-path"
cmake --build "$build" -j "$(processors)"
find "$build" -name '*.gcda' -exec rm -f {} +
failed=0

# reach <effort> <choice of tests, words for ctest>...
reach()
{
    effort=${XENT_TEST_EFFORT:-$1}
    shift
    XENT_TEST_EFFORT=$effort ctest --test-dir "$build" --output-on-failure -j "$(processors)" "$@" || failed=1
}

# Those left out build the library anew, measure what it computes, or are many more ranks or bytes of the same. Few random problems take most
# branches; but each call that the system may refuse to xent has a branch of its own, and each group of ranks draws its own problems.
reach 0.03 --no-tests=error -LE 'package|builds|slow|accuracy|docs|abi|tool|mpi' -E '^placement/shapes_huge'
reach 1 --no-tests=ignore -L tool -E '^tool/memory'
reach 0.3 --no-tests=ignore -L mpi -LE slow
python3 "$root/tests/coverage.py" "$root" "$build" || failed=1
exit $failed
