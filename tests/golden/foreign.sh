#!/bin/sh
# sh tests/golden/foreign.sh <compiler> [<emulator>...]
# The hashes of tests/golden/bits.txt and the states of tests/golden/states.txt on a machine that is not this one: builds the library,
# golden_bits and golden_states with a cross compiler, statically, in a temporary directory, and runs them in an emulator.
#     sh tests/golden/foreign.sh aarch64-linux-gnu-gcc qemu-aarch64
#     sh tests/golden/foreign.sh musl-gcc
set -eu
[ $# -ge 1 ] || { echo "usage: sh tests/golden/foreign.sh <compiler> [<emulator>...]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
compiler=$1
shift

build=$(mktemp -d "${TMPDIR:-/tmp}/xent-foreign.XXXXXX")
trap 'rm -rf "$build"' EXIT
machine=$("$compiler" -dumpmachine)
cmake -S "$root" -B "$build" -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=OFF -DXENT_BUILD_TOOL=OFF -DXENT_INSTALL=OFF \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="${machine%%-*}" -DCMAKE_C_COMPILER="$compiler" >"$build/log"
cmake --build "$build" --target xent_static >>"$build/log"
excess=
case $machine in s390x-*) excess=-fexcess-precision=fast ;; esac
"$compiler" -std=c11 -O1 $excess -ffp-contract=off -DXENT_STATIC -I"$root/include" -I"$root/tests" "$root/tests/golden/print_bits.c" \
    "$root/tests/golden/bits_problems.c" \
    "$root"/tests/support/problem*.c "$root/tests/support/operations.c" "$root/tests/support/half.c" "$root/tests/support/random.c" "$build/src/libxent.a" -static -lm -lpthread -o "$build/golden_bits"
"$compiler" -std=c11 -O1 $excess -ffp-contract=off -DXENT_STATIC -I"$root/include" "$root/tests/golden/states.c" \
    "$build/src/libxent.a" -static -lm -lpthread -o "$build/golden_states"
for backend in scalar avx2 avx512 neon; do
    [ "$backend" = scalar ] || grep -q "xent_kernels_$backend" "$build/src/libxent.a" || continue
    XENT_BACKEND=$backend "$@" "$build/golden_bits" "$root/tests/golden/bits.txt" >"$build/hashes" && same=0 || same=$?
    [ "$same" != 77 ] || [ "$backend" = scalar ] || continue # not on this CPU, as it has said
    echo "$machine: $(tail -1 "$build/hashes")"
    [ "$same" = 0 ] || exit 1
    XENT_BACKEND=$backend "$@" "$build/golden_states" "$root/tests/golden/states.txt"
done
