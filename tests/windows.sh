#!/bin/sh
# sh tests/windows.sh [x86_64|i686]...
# libxent for Windows, on Debian: builds the library and the tests with mingw-w64 in a temporary directory, warnings as errors, runs the
# tests under Wine, and uses what is installed as a program does; then what optimisation could change, at -O3. Installs what is missing:
# the compiler, Wine and, for its source, cmocka, which Debian has for no Windows. An architecture that Wine cannot run here is built, and
# its DLL looked at. XENT_TEST_EFFORT (0.1) as ever.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"
describe "$@"
[ $# -gt 0 ] || set -- x86_64 i686
for architecture; do
    case $architecture in
    x86_64 | i686) ;;
    *) echo "usage: sh tests/windows.sh [x86_64|i686]..." >&2; exit 2 ;;
    esac
done
export XENT_TEST_EFFORT="${XENT_TEST_EFFORT:-0.1}" WINEDEBUG="${WINEDEBUG:--all}"
cmocka="cmocka-1.1.7"
cmocka_url=http://deb.debian.org/debian/pool/main/c/cmocka/cmocka_1.1.7.orig.tar.xz
cmocka_sum=SHA256:810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82

provide cmake make pkg-config
work=$(mktemp -d "${TMPDIR:-/tmp}/xent-windows.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export TMPDIR="$work" WINEPREFIX="$work/wine" # Wine leaves directories in the first

clean_up()
{
    stop_wine
    rm -rf "$work"
}

stop_wine()
{
    [ ! -d "$WINEPREFIX" ] || wineserver -k || :
}

# prepare <architecture>: its compiler, and whether $wine runs its programs: "wine" or nothing
prepare()
{
    compiler=$1-w64-mingw32-gcc
    command -v "$compiler" >/dev/null || demand_packages apt-get "gcc-mingw-w64-$(echo "$1" | tr _ -)-win32"
    cat >"$work/hello.c" <<'END'
int main(void) { return 3; }
END
    "$compiler" "$work/hello.c" -o "$work/hello-$1.exe"
    stop_wine
    WINEPREFIX=$work/wine-$1
    wine=wine
    runs "$1" && return
    if [ "$1" = i686 ]; then
        as_root dpkg --add-architecture i386 || :
        install_packages apt-get wine wine32:i386 >"$work/log" 2>&1 || :
    else
        install_packages apt-get wine wine64 >"$work/log" 2>&1 || :
    fi
    runs "$1" || wine=
}

# runs <architecture>: whether Wine does. What a Wine without 32-bit programs has set up does for one with them no longer. A server that
# stays for all programs has each of them start in a moment, not in seconds.
runs()
{
    command -v wine >/dev/null || return 1
    stop_wine
    rm -rf "$WINEPREFIX"
    mkdir "$WINEPREFIX"
    wineserver -p
    wine "$work/hello-$1.exe" >"$work/log" 2>&1 && return 1
    [ $? -eq 3 ]
}

# build_cmocka <architecture>: cmocka.h and libcmocka.a in $work/cmocka-<architecture>
build_cmocka()
{
    [ -d "$work/$cmocka" ] || {
        /usr/lib/apt/apt-helper -o APT::Sandbox::User="$(id -un)" download-file "$cmocka_url" "$work/cmocka.tar.xz" "$cmocka_sum" \
            >"$work/log"
        tar xf "$work/cmocka.tar.xz" -C "$work"
    }
    mkdir "$work/cmocka-$1"
    cp "$work/$cmocka"/include/cmocka*.h "$work/cmocka-$1"
    "$1-w64-mingw32-gcc" -O1 -w -DHAVE_INTTYPES_H -DHAVE_STDINT_H -DHAVE_STRUCT_TIMESPEC -DHAVE_SIGNAL_H -DHAVE_STRING_H \
        -D__USE_MINGW_ANSI_STDIO=1 -I"$work/$cmocka/include" -c "$work/$cmocka/src/cmocka.c" -o "$work/cmocka-$1/cmocka.o"
    "$1-w64-mingw32-ar" cr "$work/cmocka-$1/libcmocka.a" "$work/cmocka-$1/cmocka.o"
}

# build <architecture> <directory> <target> <words for cmake>...
build()
{
    build=$work/$2-$1 target=$3
    toolchain=$root/cmake/$1-w64-mingw32.cmake cmocka_here=$work/cmocka-$1
    echo "== $1: building, $2"
    shift 3
    cmake -S "$root" -B "$build" --toolchain "$toolchain" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
        "-DXENT_CMOCKA_INCLUDE_DIR=$cmocka_here" "-DXENT_CMOCKA_LIBRARY=$cmocka_here/libcmocka.a" "$@" >"$work/log"
    cmake --build "$build" -j "$(processors)" --target "$target" >"$work/log" || { cat "$work/log"; exit 1; }
}

# run_tests <label>: the tests of $build that have it; $ran: how they ended
run_tests()
{
    ctest --test-dir "$build" --no-tests=error --output-on-failure -j "$(processors)" -L "$1" | tee "$work/log"
    grep -q '^100% tests passed' "$work/log"
    ran="$(ended Passed) tests passed, $(ended Skipped) skipped"
}

# ended <how>: how many tests have
ended()
{
    grep -c "Test *#.*[ *]$1 " "$work/log" || :
}

# use_installed <architecture>: a program against what `cmake --install` leaves, by each way to find it; then it runs, with the DLL beside
# it if it is one that needs it
use_installed()
{
    prefix=$work/installed-$1 program=$root/tests/package/consumer ways=$work/consumer-$1
    cmake --install "$build" --prefix "$prefix" >"$work/log"
    cmake -S "$program" -B "$ways" --toolchain "$toolchain" "-Dxent_DIR=$prefix/lib/cmake/xent" >"$work/log"
    cmake --build "$ways" >"$work/log"
    link_by_flags "$1" shared
    link_by_flags "$1" static -static --static
    [ -n "$wine" ] || return 0
    for way in "$ways"/*_static.exe; do wine "$way"; done
    cp "$prefix/bin/libxent-0.dll" "$ways"
    for way in "$ways"/*_shared.exe; do wine "$way"; done
}

# link_by_flags <architecture> <library> [<flag of the compiler> <flag of pkg-config>]: the program, by what pkg-config says
# shellcheck disable=SC2086
link_by_flags()
{
    flags=$(PKG_CONFIG_LIBDIR="$prefix/lib/pkgconfig" pkg-config --cflags --libs ${4-} xent)
    "$1-w64-mingw32-gcc" -std=c11 ${3-} "$program/consumer.c" $flags -o "$ways/flags_$2.exe"
}

# test_architecture <architecture>
test_architecture()
{
    started=$(date +%s)
    prepare "$1"
    build_cmocka "$1"
    most=. least='target|binary'
    [ -n "$wine" ] || most=binary least=binary
    build "$1" default all -DXENT_BUILD_EXAMPLES=ON
    run_tests "$most"
    table="$table$1-w64-mingw32: $ran"
    use_installed "$1"
    # MinSizeRel is the build type in which the library adds no level of optimisation to that of the flags.
    build "$1" O3 tests_target -DXENT_BUILD_EXAMPLES=OFF -DCMAKE_BUILD_TYPE=MinSizeRel -DCMAKE_C_FLAGS_MINSIZEREL= -DCMAKE_C_FLAGS=-O3
    run_tests "$least"
    table="$table; at -O3 $ran; $([ -n "$wine" ] && wine --version || echo "there is no Wine for it here"); $(($(date +%s) - started)) s
"
}

table=
for architecture; do test_architecture "$architecture"; done
printf '\n%s' "$table"
