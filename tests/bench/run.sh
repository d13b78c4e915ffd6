#!/bin/sh
# sh tests/bench/run.sh [--quick] [<directory>]
# Builds the benchmark in a temporary directory, runs all of it (some twenty minutes on an idle machine), and renews
# <directory>/performance.md, its figures in <directory>/performance and their data; docs unless given. XENT_BENCH_PYTHON names the
# Python with PyTorch and ONNX Runtime; the plots need matplotlib, in that one or in python3.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"
quick=
if [ "${1:-}" = --quick ]; then
    quick=--quick
    shift
fi
docs=${1:-$root/docs}
provide cc make cmake

build=$(mktemp -d "${TMPDIR:-/tmp}/xent-bench.XXXXXX")
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "== building"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DXENT_BUILD_BENCH=ON -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=OFF -DXENT_BUILD_TOOL=OFF
cmake --build "$build" -j "$(processors)"

echo "== measuring"
mkdir -p "$docs/performance"
unset XENT_BACKEND XENT_NUM_THREADS
"$build/tests/bench/bench" --measure all $quick --json "$build/results.json"
mv "$build/results.json" "$docs/performance/results.json"

echo "== drawing"
[ -e "$docs/performance.md" ] || cp "$root/docs/performance.md" "$docs"
for python in "${XENT_BENCH_PYTHON:-python3}" python3 /usr/bin/python3; do
    if "$python" -c 'import matplotlib' 2>/dev/null; then
        "$python" -B "$root/tests/bench/tables.py" "$docs/performance/results.json" "$docs/performance.md"
        "$python" -B "$root/tests/bench/plots.py" "$docs/performance/results.json" "$docs/performance"
        exit
    fi
done
echo "There is no matplotlib here (Debian: python3-matplotlib): the tables and plots are not renewed." >&2
exit 1
