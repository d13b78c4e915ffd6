#!/bin/sh
# sh tests/package/consumers.sh <usr of an installed tree>
# sh tests/package/consumers.sh --debs <directory of libxent's .deb files>
# What uses an installed libxent, run against a tree that is there already, wherever it was configured to lie: the tests beside this
# script and the programs of docs/examples. The .debs are extracted, not installed.
set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/xent-consumers.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

refuse()
{
    echo "$1" >&2
    exit 2
}

if [ $# -eq 2 ] && [ "$1" = --debs ]; then
    for deb in "$2"/libxent*.deb; do
        [ -f "$deb" ] || refuse "There is no libxent*.deb in $2."
        dpkg -x "$deb" "$work/root"
    done
    root=$work/root/usr
    export PKG_CONFIG_SYSROOT_DIR="$work/root" # xent.pc is for packages that are installed
elif [ $# -eq 1 ]; then
    root=$1
else
    refuse "usage: sh tests/package/consumers.sh <usr of an installed tree> | --debs <directory>"
fi
header=$(find "$root" -name xent.h | sed -n 1p)
library=$(find "$root" -name libxent.so | sed -n 1p)
[ -n "$header" ] && [ -n "$library" ] || refuse "There is no libxent with its header below $root."

SOURCE_DIR=$(cd "$(dirname "$0")/../.." && pwd)
PREFIX=$(cd "$root" && pwd)
LIBDIR=$(dirname "${library#"$root"/}")
INCLUDEDIR=$(dirname "${header#"$root"/}")
VERSION=$(sed -n 's/^#define XENT_VERSION_STRING "\(.*\)"$/\1/p' "$header")
CMAKE=$(command -v cmake)
GENERATOR="Unix Makefiles"
CC=$(command -v "${CC:-cc}")
CFLAGS=${CFLAGS:-}
export SOURCE_DIR PREFIX LIBDIR INCLUDEDIR VERSION CMAKE GENERATOR CC CFLAGS
unset XENT_BACKEND XENT_NUM_THREADS

passed=0 skipped="" failed=""
# run <script> [<example>]
run()
{
    name=$1${2:+ $2} code=0
    WORK_DIR=$work/work EXAMPLE=${2:-} sh "$SOURCE_DIR/tests/package/$1.sh" >"$work/log" 2>&1 || code=$?
    case $code in
    0) passed=$((passed + 1)) word=passed ;;
    77) skipped="$skipped, $name" word=$(tail -1 "$work/log") ;;
    *) failed="$failed, $name" word=FAILED && cat "$work/log" ;;
    esac
    echo "$name: $word"
}

echo "libxent $VERSION, $LIBDIR and $INCLUDEDIR of $root"
for way in pkg_config pkg_config_static find_package languages readme python; do run $way; done
for example in $(sed -n 's/^## //p' "$SOURCE_DIR/docs/examples/README.md"); do
    [ "$example" = cmake_fetch ] || run example "$example" # that one uses no installed libxent
done
echo "consumers: $passed passed; skipped: ${skipped:-, none}; failed: ${failed:-, none}" | sed 's/: , /: /g'
[ -z "$failed" ] && [ "$passed" -gt 0 ]
