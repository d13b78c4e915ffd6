#!/bin/sh
# sh tests/fuzz/run.sh [<seconds> [<cmake option>...]]
# Builds the fuzz targets with libFuzzer and the sanitizers for addresses and undefined behaviour in a temporary directory, and runs each for
# that time (60), beginning with the corpus. Prints executions, edges reached and findings. Where there is a finding, its target has
# stopped: the input's path is printed, and the exit code is 1. CC=clang-14 chooses another clang than cc's.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/cmake/provide.sh"
seconds=${1:-60}
[ $# -eq 0 ] || shift
case $seconds in
'' | *[!0-9]*) echo "$0: '$seconds' is no number of seconds" >&2; exit 2 ;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/xent-fuzz.XXXXXX")
findings=0
trap '[ "$findings" -gt 0 ] || rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cmake -S "$root" -B "$work/build" -DCMAKE_C_COMPILER="${CC:-clang}" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all" -DXENT_BUILD_FUZZ=ON -DXENT_BUILD_EXAMPLES=OFF \
    -DXENT_BUILD_MPI=OFF -DXENT_BUILD_BLAS=OFF -DXENT_BUILD_DNNL=OFF "$@" >"$work/configured"
cmake --build "$work/build" -j "$(processors)" --target fuzz >"$work/built" || { tail -n 30 "$work/built" >&2; exit 2; }

printf '%-12s %12s %8s %9s  %s\n' target executions edges seconds finding
for corpus in "$root"/tests/fuzz/corpus/*/; do
    name=$(basename "$corpus")
    target="$work/build/tests/fuzz/fuzz_$name" log="$work/$name.log"
    [ -x "$target" ] || continue
    mkdir -p "$work/new/$name" "$work/found/$name"
    finding=none
    "$target" -max_total_time="$seconds" -max_len=512 -len_control=0 -timeout=120 -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$work/found/$name/" "$work/new/$name" "$corpus" >"$log" 2>&1 ||
        finding=$(find "$work/found/$name" -type f | sed -n 1p)
    finding=${finding:-$log} # it has ended without an input: the log says why
    [ "$finding" = none ] || findings=$((findings + 1))
    awk -v name="$name" -v seconds="$seconds" -v finding="$finding" '
        /cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
        /stat::number_of_executed_units/ { executions = $2 }
        END { printf "%-12s %12d %8d %9d  %s\n", name, executions, edges, seconds, finding }' "$log"
done
[ "$findings" -eq 0 ]
