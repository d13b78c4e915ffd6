#!/bin/sh
# sh tests/windows.sh [x86_64|i686]...
# libxent for Windows, on Debian: builds the library and the tests with mingw-w64 in a temporary directory, runs the tests under Wine, and
# uses what is installed as a program does. Installs what is missing: the compiler, Wine and, for its source, cmocka, which Debian
# has for no Windows. An architecture that Wine cannot run here is built, and its DLL looked at. XENT_TEST_EFFORT (0.1) as ever.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/cmake/provide.sh"
[ $# -gt 0 ] || set -- x86_64 i686
for architecture; do
    case $architecture in
    x86_64 | i686) ;;
    *) echo "usage: sh tests/windows.sh [x86_64|i686]..." >&2; exit 2 ;;
    esac
done
export XENT_TEST_EFFORT="${XENT_TEST_EFFORT:-0.1}" WINEDEBUG="${WINEDEBUG:--all}"
cmocka=cmocka-1.1.7
cmocka_url=http://deb.debian.org/debian/pool/main/c/cmocka/cmocka_1.1.7.orig.tar.xz
cmocka_sum=SHA256:810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82

provide cmake make
work=$(mktemp -d "${TMPDIR:-/tmp}/xent-windows.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export WINEPREFIX="$work/wine"

# prepare <architecture>: its compiler, and whether $wine runs its programs: "wine" or nothing
prepare()
{
    compiler=$1-w64-mingw32-gcc
    command -v "$compiler" >/dev/null || demand_packages apt-get "gcc-mingw-w64-$(echo "$1" | tr _ -)-win32"
    cat >"$work/hello.c" <<'END'
int main(void) { return 3; }
END
    "$compiler" "$work/hello.c" -o "$work/hello-$1.exe"
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

runs()
{
    command -v wine >/dev/null || return 1
    wine "$work/hello-$1.exe" >"$work/log" 2>&1 && return 1
    [ $? -eq 3 ]
}

# build_cmocka <architecture>: cmocka.h and libcmocka.a in $work/cmocka-<architecture>
build_cmocka()
{
    [ -d "$work/$cmocka" ] || {
        /usr/lib/apt/apt-helper download-file "$cmocka_url" "$work/cmocka.tar.xz" "$cmocka_sum" >"$work/log"
        tar xf "$work/cmocka.tar.xz" -C "$work"
    }
    mkdir "$work/cmocka-$1"
    cp "$work/$cmocka"/include/cmocka*.h "$work/cmocka-$1"
    "$1-w64-mingw32-gcc" -O1 -w -DHAVE_INTTYPES_H -DHAVE_STDINT_H -DHAVE_STRUCT_TIMESPEC -DHAVE_SIGNAL_H -DHAVE_STRING_H \
        -D__USE_MINGW_ANSI_STDIO=1 -I"$work/$cmocka/include" -c "$work/$cmocka/src/cmocka.c" -o "$work/cmocka-$1/cmocka.o"
    "$1-w64-mingw32-ar" cr "$work/cmocka-$1/libcmocka.a" "$work/cmocka-$1/cmocka.o"
}

# use_installed <architecture>: a program against what `cmake --install` leaves, by each way to find it; then it runs
use_installed()
{
    prefix=$work/installed-$1 program=$root/tests/package/consumer
    cmake --install "$build" --prefix "$prefix" >"$work/log"
    cmake -S "$program" -B "$work/consumer-$1" --toolchain "$toolchain" "-Dxent_DIR=$prefix/lib/cmake/xent" >"$work/log"
    cmake --build "$work/consumer-$1" >"$work/log"
    if offer pkg-config; then
        # The flags are words for the shell to split.
        # shellcheck disable=SC2046
        PKG_CONFIG_PATH="$prefix/lib/pkgconfig" "$1-w64-mingw32-gcc" -std=c11 "$program/consumer.c" \
            $(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs xent) -o "$work/consumer-$1/consumer_flags.exe"
    fi
    cp "$prefix/bin/libxent-0.dll" "$work/consumer-$1"
    [ -z "$wine" ] || for way in "$work/consumer-$1"/consumer_*.exe; do wine "$way"; done
}

# test_architecture <architecture>
test_architecture()
{
    build=$work/build-$1 toolchain=$root/cmake/$1-w64-mingw32.cmake
    prepare "$1"
    build_cmocka "$1"
    echo "== $1: building"
    cmake -S "$root" -B "$build" --toolchain "$toolchain" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON -DXENT_BUILD_EXAMPLES=ON \
        "-DXENT_CMOCKA_INCLUDE_DIR=$work/cmocka-$1" "-DXENT_CMOCKA_LIBRARY=$work/cmocka-$1/libcmocka.a" >"$work/log"
    cmake --build "$build" -j "$(processors)" >"$work/log" || { cat "$work/log"; exit 1; }
    if [ -n "$wine" ]; then
        echo "== $1: testing"
        ctest --test-dir "$build" --no-tests=error --output-on-failure -j "$(processors)" | tee "$work/log-$1"
        grep -q '^100% tests passed' "$work/log-$1"
        result="built, $(sed -n 's/^100% tests passed.*out of \([0-9]*\)/\1 tests/p' "$work/log-$1") under $(wine --version)"
    else
        ctest --test-dir "$build" --no-tests=error --output-on-failure -L abi
        result="built, not run: there is no Wine for it here"
    fi
    use_installed "$1"
    table="$table$1-w64-mingw32: $result
"
}

table=
for architecture; do test_architecture "$architecture"; done
printf '\n%s' "$table"
