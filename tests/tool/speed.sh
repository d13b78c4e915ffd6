#!/bin/sh
# sh tests/tool/speed.sh <build directory> [<rounds>]
# xent eval on 1.5 GB of BF16 logits, 6,000 rows of 128,256 classes, in the page cache, beside the library on the same rows in memory,
# turn by turn; prints the least seconds of CPU time and by the clock of each, and the memory that the program takes beside the file's pages.
# The figures of docs/tool.md. It needs numpy, 1.6 GB of disk and 3.2 GB of memory.
set -eu
[ -d "${1:-}/src/tool" ] || { echo "usage: sh tests/tool/speed.sh <build directory with the program xent> [<rounds>]" >&2; exit 2; }
build=$(cd "$1" && pwd)
rounds=${2:-5}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/xent-speed.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work"

python3 - <<'EOS'
import numpy as np
rng = np.random.default_rng(1)
rows, classes = 6000, 128256
words = rng.normal(0, 3, (100, classes)).astype("f4").view("u4") >> 16
with open("z.npy", "wb") as file:
    np.lib.format.write_array_header_1_0(file, {"descr": "<u2", "fortran_order": False, "shape": (rows, classes)})
    for k in range(rows // 100):
        file.write(np.roll(words, 7919 * k, 1).astype("<u2").tobytes())
np.save("t.npy", np.zeros(rows, "u1"))
EOS
cc -O2 -I"$root/include" "$root/tests/tool/on_memory.c" -L"$build/src" -lxent -Wl,-rpath,"$build/src" -o on_memory

# resident <command>...: the most memory of its own, without mapped files, in KiB, as seen a hundred times a second
resident()
{
    "$@" >/dev/null &
    most=0
    while now=$(sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\).*/\1/p' /proc/$!/status 2>/dev/null) && [ -n "$now" ]; do
        [ "$now" -le "$most" ] || most=$now
        sleep 0.01
    done
    wait $!
    echo "$most"
}

sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | sed -n 1p
for threads in 1 2; do
    for round in $(seq "$rounds"); do
        ./on_memory z.npy 128 6000 128256 16 $threads | sed "s/^/memory /"
        bash -c 'TIMEFORMAT="file %U %S %R"; time "$@" >/dev/null' bash "$build/src/tool/xent" eval z.npy t.npy --as bf16 --threads $threads 2>&1
    done | awk -v threads=$threads '
        $1 == "memory" { cpu = $2; wall = $3 }
        $1 == "file" { cpu = $2 + $3; wall = $4 }
        { if (!($1 in c) || cpu < c[$1]) c[$1] = cpu; if (!($1 in w) || wall < w[$1]) w[$1] = wall }
        END {
            printf "%d threads: memory %.3f s CPU, %.3f s; file %.3f s CPU, %.3f s; speed %.0f %% by CPU time, %.0f %% by the clock\n",
                threads, c["memory"], w["memory"], c["file"], w["file"], 100 * c["memory"] / c["file"], 100 * w["memory"] / w["file"]
        }'
done
echo "resident beside the file: $(resident "$build/src/tool/xent" eval z.npy t.npy --as bf16 --quiet) KiB"
