#!/bin/sh
# sh tests/bench/instructions/check.sh
# Fails where a call of calls.c takes over 3 % more or fewer instructions than baseline.txt says. Exits with 77, after a reason,
# where that cannot be told: another compiler than the baseline's, or a CPU without AVX2.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"
. "$here/count.sh"

skip()
{
    echo "skipped: $1"
    exit 77
}

baseline=$(sed -n 's/^compiler //p' "$here/baseline.txt")
command -v "${CC:-gcc}" >/dev/null || skip "the baseline was recorded with $baseline, and there is no ${CC:-gcc} here"
[ "$(compiler)" = "$baseline" ] || skip "the baseline was recorded with $baseline, and this is $(compiler)"
provide make cmake cmocka valgrind
work=$(mktemp -d "${TMPDIR:-/tmp}/xent-instructions.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status=0
count 2>"$work/errors" || status=$?
cat "$work/errors"
[ $status -eq 0 ] || exit $status
awk -f "$here/compare.awk" "$here/baseline.txt" "$work/counts"
