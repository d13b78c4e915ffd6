#!/bin/sh
# sh tests/fuzz/run.sh [<seconds> [<cmake option>...]]
# Builds the fuzz targets with libFuzzer and the sanitizers for addresses and undefined behaviour, and runs each for that time (60),
# beginning with the corpus. Prints executions, edges reached, seconds of CPU time and findings. Where there is a finding, its target has
# stopped: the input's path is printed, and the exit code is 1.
# CC=clang-14 chooses another clang than cc's. XENT_FUZZ_DIR names a directory to keep: the build, and new inputs, with which the next run
# begins too; without it there is a temporary one. XENT_FUZZ_AT_ONCE is how many targets run at a time (1).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"
seconds=${1:-60} at_once=${XENT_FUZZ_AT_ONCE:-1}
[ $# -eq 0 ] || shift
case $seconds in
'' | *[!0-9]*) echo "$0: '$seconds' is no number of seconds" >&2; exit 2 ;;
esac
case $at_once in
'' | *[!0-9]* | 0) echo "$0: XENT_FUZZ_AT_ONCE is '$at_once', expected a number of targets" >&2; exit 2 ;;
esac

findings=0
if [ -n "${XENT_FUZZ_DIR:-}" ]; then
    mkdir -p "$XENT_FUZZ_DIR"
    work=$(cd "$XENT_FUZZ_DIR" && pwd)
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/xent-fuzz.XXXXXX")
    trap '[ "$findings" -gt 0 ] || rm -rf "$work"' EXIT
fi
trap 'exit 130' INT
trap 'exit 143' TERM

CC=${CC:-clang}
command -v "$CC" >/dev/null || { echo "$0: there is no $CC: install clang, or name one with CC=" >&2; exit 2; }
provide make cmake cmocka
cmake -S "$root" -B "$work/build" -DCMAKE_C_COMPILER="$CC" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS="-O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all" -DXENT_BUILD_FUZZ=ON -DXENT_BUILD_EXAMPLES=OFF \
    -DXENT_BUILD_BLAS=OFF -DXENT_BUILD_DNNL=OFF "$@" >"$work/configured"
cmake --build "$work/build" -j "$(processors)" --target fuzz >"$work/built" || { tail -n 30 "$work/built" >&2; exit 2; }

# fuzz <target>: leaves a log, and a line of what has come out.
fuzz()
{
    found="$work/found/$1"
    mkdir -p "$work/new/$1" "$found"
    "$work/build/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -max_len=512 -len_control=0 -timeout=300 -rss_limit_mb=4096 \
        -print_final_stats=1 -artifact_prefix="$found/" "$work/new/$1" "$root/tests/fuzz/corpus/$1" >"$work/$1.log" 2>&1 && finding=none ||
        finding=$(find "$found" -type f ! -name 'slow-unit-*' -newer "$work/built" | sed -n 1p)
    times >"$work/$1.times"
    # Without an input, the log says why the target has ended.
    awk -v name="$1" -v seconds="$seconds" -v finding="${finding:-$work/$1.log}" -v times="$(tail -n 1 "$work/$1.times")" '
        /cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
        /stat::number_of_executed_units/ { executions = $2 }
        END {
            split(times, part, /[ ms]+/)
            cpu = 60 * (part[1] + part[3]) + part[2] + part[4]
            printf "%-12s %12d %8d %9d %9d  %s\n", name, executions, edges, seconds, cpu, finding
        }' "$work/$1.log" >"$work/$1.line"
}

printf '%-12s %12s %8s %9s %9s  %s\n' target executions edges seconds 'CPU time' finding
running=
# Waits for the targets that run, and prints their lines.
collect()
{
    wait
    for name in $running; do
        cat "$work/$name.line"
        grep -q ' none$' "$work/$name.line" || findings=$((findings + 1))
    done
    running=
}
for corpus in "$root"/tests/fuzz/corpus/*/; do
    name=$(basename "$corpus")
    [ -x "$work/build/tests/fuzz/fuzz_$name" ] || continue
    fuzz "$name" &
    running="$running $name"
    [ "$(echo "$running" | wc -w)" -lt "$at_once" ] || collect
done
collect
[ "$findings" -eq 0 ]
