# Sourced by the scripts beside it; CTest gives them their variables (CMakeLists.txt). Each starts in an empty directory of its own.
# Exit code 77: skipped.
set -eu
. "$SOURCE_DIR/tests/support/begin.sh"
golden=$SOURCE_DIR/tests/golden

# configure <source directory> <build directory> <option>...
# Two backends, one of which the compiler has plain C for: AVX-512 would take a third more time and show nothing else.
configure()
{
    configure_source=$1 configure_build=$2
    shift 2
    "$CMAKE" -S "$configure_source" -B "$configure_build" -DCMAKE_C_COMPILER="$CC" -DXENT_ENABLE_AVX512=OFF "$@" >"$configure_build.log" ||
        { cat "$configure_build.log"; fail "$configure_build does not configure"; }
}

# build <build directory> <argument of cmake --build>...
build()
{
    build_directory=$1
    shift
    "$CMAKE" --build "$build_directory" "$@" >"$build_directory.log" 2>&1 || { cat "$build_directory.log"; fail "$build_directory does not build"; }
}

# same_bits <program>: prints the hashes of tests/golden/bits.txt, on every backend that is built and that this CPU has
same_bits()
{
    for backend in scalar avx2 neon; do
        code=0
        XENT_BACKEND=$backend "$1" "$golden/bits.txt" >differ 2>message || code=$?
        if [ $code -eq 77 ] && [ $backend != scalar ]; then continue; fi
        tail -1 differ
        [ $code -eq 0 ] || { sed 5q differ; cat message; fail "$1 gives other results"; }
    done
}
