#!/bin/sh
# sh tests/bench/instructions/record.sh
# Counts the instructions of the calls of calls.c and writes them, with the compiler's name, to baseline.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"
. "$here/count.sh"

provide make cmake cmocka valgrind
work=$(mktemp -d "${TMPDIR:-/tmp}/xent-instructions.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

count
{
    echo "# Instructions of each call of calls.c: backend avx2, one thread, a Release build (-O3). Written by record.sh"
    echo "compiler $(compiler)"
    cat "$work/counts"
} >"$work/baseline"
mv "$work/baseline" "$here/baseline.txt"
cat "$here/baseline.txt"
