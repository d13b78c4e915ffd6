#!/bin/sh
# sh tests/everywhere.sh [<build or group>...]
# libxent as other machines and other builds have it (Debian 12 or newer on x86-64, as root or with sudo): each line of tests/everywhere.txt
# is built with warnings as errors and runs its tests, most of them in an emulator. Prints one table, and exits with 1 if a line of it
# failed. Without arguments: all lines. With --list: their groups and names. XENT_TEST_EFFORT is 0.02 unless the environment has another.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"
: "${XENT_TEST_EFFORT:=0.02}"
export XENT_TEST_EFFORT

# lines [<build or group>...]: those of everywhere.txt, with | alone between their fields
lines()
{
    sed '/^#/d; /^$/d; s/ *| */|/g' "$root/tests/everywhere.txt" |
        awk -F '|' -v wanted=" $* " 'wanted == "  " || index(wanted, " " $1 " ") || index(wanted, " " $2 " ")'
}

if [ "${1-}" = --list ]; then
    lines | awk -F '|' '{ print $1, $2 }'
    exit
fi
for name in "$@"; do
    [ -n "$(lines "$name")" ] || { echo "$name is no build and no group; sh tests/everywhere.sh --list names them" >&2; exit 2; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/xent-everywhere.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
PATH=$PATH:$work/aarch64-musl/bin

# quietly <command>...: what it says is of interest where it fails
quietly()
{
    "$@" >"$work/log" 2>&1 || { tail -60 "$work/log" >&2; return 1; }
}

# packages <package>...: Debian's. Nothing is asked of a machine that has them.
packages()
{
    dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed | grep -qx $# || demand_packages apt-get "$@" >&2
}

# sources <command of apt-get>...: on Debian's sources, with lists of its own; the system's stay as they are
sources()
{
    quietly apt-get -qq -o Dir::Cache="$work/apt" -o Dir::State::Lists="$work/apt/lists" -o Dir::Etc::SourceList="$work/apt/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User="$(id -un)" "$@"
}

# from_source <package>: unpacks Debian's source of it as $work/<package>
from_source()
{
    [ ! -d "$work/$1" ] || return 0
    if [ ! -d "$work/apt" ]; then
        mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
        echo "deb-src http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" >"$work/apt/sources.list"
        sources update || return
    fi
    (cd "$work/apt" && sources source "$1") && mv "$work/apt/$1"-*/ "$work/$1"
}

# Debian has musl for the machine that it runs on alone.
musl()
{
    from_source musl || return
    (cd "$work/musl" && quietly ./configure --target=aarch64-linux-gnu CC=aarch64-linux-gnu-gcc --prefix="$work/aarch64-musl" \
        --syslibdir="$work/aarch64-musl/lib" && quietly make -j "$(processors)" install) &&
        mv "$work/aarch64-musl/bin/musl-gcc" "$work/aarch64-musl/bin/aarch64-linux-musl-gcc"
}

# build <compiler> <flags> <emulator> <target of cmake>: the library and tests, in $work/build
build()
{
    rm -rf "$work/build"
    if [ "$1" = aarch64-linux-musl-gcc ] && ! command -v "$1" >/dev/null; then musl || return; fi
    from_source cmocka || return
    # MinSizeRel is the build type in which the library adds no level of optimisation to that of the flags.
    type=Release
    case " $2" in *" -O"*) type=MinSizeRel ;; esac
    # shellcheck disable=SC2086
    quietly "$1" $2 -DHAVE_INTTYPES_H -DHAVE_MALLOC_H -DHAVE_SIGNAL_H -DHAVE_STRINGS_H -DHAVE_STRSIGNAL -DHAVE_GCC_THREAD_LOCAL_STORAGE \
        -I"$work/cmocka/include" -c "$work/cmocka/src/cmocka.c" -o "$work/cmocka.o" &&
        quietly cmake -S "$root" -B "$work/build" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_C_COMPILER="$1" "-DCMAKE_C_FLAGS=$2" \
            -DCMAKE_SYSTEM_PROCESSOR="$("$1" $2 -dumpmachine | sed 's/-.*//')" -DCMAKE_CROSSCOMPILING_EMULATOR="$(echo "$3" | tr ' ' ';')" \
            -DCMAKE_BUILD_TYPE=$type -DCMAKE_C_FLAGS_MINSIZEREL= -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
            -DXENT_CMOCKA_INCLUDE_DIR="$work/cmocka/include" -DXENT_CMOCKA_LIBRARY="$work/cmocka.o" \
            -DXENT_DLPACK_INCLUDE_DIR="$work/dlpack" -DXENT_BUILD_EXAMPLES=OFF -DXENT_BUILD_TOOL=OFF -DXENT_BUILD_MPI=OFF \
            -DXENT_BUILD_BLAS=OFF -DXENT_BUILD_DNNL=OFF &&
        quietly cmake --build "$work/build" -j "$(processors)" --target $4
}

# run <words for ctest>: an emulator on a busy machine takes longer than the 1500 seconds that ctest gives a test.
run()
{
    # shellcheck disable=SC2086
    quietly ctest --test-dir "$work/build" --no-tests=error --output-on-failure --timeout 7200 -j "$(processors)" $1
}

# ended <how>: how many tests have
ended()
{
    grep -c "Test *#.*[ *]$1 " "$work/log" || :
}

# bits: the backends whose results have the hashes of tests/golden/bits.txt
bits()
{
    sed -n 's/^backend \(.*\): [0-9]* problems, 0 lines differ$/\1/p' "$work/build/Testing/Temporary/LastTest.log" | paste -sd, - |
        sed 's/,/, /g'
}

packages make dpkg-dev libdlpack-dev qemu-user
provide cmake
mkdir "$work/dlpack"
cp -r /usr/include/dlpack "$work/dlpack"
line='%-18s  %-24s  %6s  %7s  %7s\n'
# shellcheck disable=SC2059
printf "$line" build "bits" passed skipped seconds >"$work/table"
lines "$@" >"$work/lines"
while IFS='|' read -r group name needed compiler flags emulator target tests; do
    echo "== $group: $name" >&2
    started=$(date +%s)
    # The emulator's directory has the loader and the libraries of the compiler, and the system may have others for the same machine.
    case $emulator in
    qemu-*" /"*) emulator="${emulator% /*} -L ${emulator##* } -E LD_LIBRARY_PATH=${emulator##* }/lib" ;;
    valgrind*) emulator="$emulator --suppressions=$root/tests/everywhere.supp" ;;
    esac
    # shellcheck disable=SC2086
    if packages $needed && build "$compiler" "$flags" "$emulator" "$target" && run "$tests"; then
        alike=$(bits)
        set -- "$name" "${alike:--}" "$(ended Passed)" "$(ended Skipped)"
    else
        set -- "$name" FAILED - -
    fi </dev/null
    # shellcheck disable=SC2059
    printf "$line" "$@" $(($(date +%s) - started)) | tee -a "$work/table" >&2
done <"$work/lines"

cat "$work/table"
! grep -q FAILED "$work/table"
