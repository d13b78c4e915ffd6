# Sourced by the scripts beside it; CTest gives them their variables (CMakeLists.txt). Each starts in an empty directory of its
# own. Exit code 77: skipped. $EMULATOR stands before what was compiled: the words that run it, none where nothing is emulated.
set -eu
: "${EMULATOR=}" "${TOOLCHAIN=}" # another caller than CTest has neither
package=$SOURCE_DIR/tests/package
export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
. "$SOURCE_DIR/tests/support/begin.sh"

# For a build of the library where others would show nothing that one does not, but would take three times as long.
one_backend="-DXENT_ENABLE_AVX2=OFF -DXENT_ENABLE_AVX512=OFF"

need()
{
    command -v "$1" >/dev/null || { echo "skipped: there is no $1 here"; exit 77; }
}

# configure <source directory> <build directory> [<option>...]
configure()
{
    configure_source=$1 configure_build=$2
    shift 2
    "$CMAKE" -S "$configure_source" -B "$configure_build" -G "$GENERATOR" ${TOOLCHAIN:+"-DCMAKE_TOOLCHAIN_FILE=$TOOLCHAIN"} "$@"
}
