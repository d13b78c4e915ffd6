# The header is the first thing this program includes: strict C99 to C23 and C++11 to C++23, without a warning. So is xent_dlpack.h, in
# another program, after the one that it needs.
. "$SOURCE_DIR/tests/package/common.sh"

# compile <language> <standard> <compiler> <source>
compile()
{
    # shellcheck disable=SC2086
    "$3" $CFLAGS -x "$1" "-std=$2" -pedantic -Wall -Wextra -Werror "-I$PREFIX/$INCLUDEDIR" "$package/consumer/$4.c" \
        -x none "-L$PREFIX/$LIBDIR" -lxent -o "$2"
    echo "$2: $(LD_LIBRARY_PATH="$PREFIX/$LIBDIR" $EMULATOR "./$2")"
}

# try <language> <standard> <compiler>
try()
{
    if ! echo 'int main(void) { return 0; }' | "$3" -x "$1" "-std=$2" -fsyntax-only - 2>/dev/null; then
        echo "$2: this compiler does not know it"
        return
    fi
    compile "$@" consumer
    # shellcheck disable=SC2086
    if echo '#include <dlpack/dlpack.h>' | "$3" $CFLAGS -E -x "$1" - >/dev/null 2>&1; then
        compile "$@" dlpack
    fi
}

for standard in c99 c11 c17 c2x; do try c $standard "$CC"; done
[ -x c99 ] || fail "no C99"
# A cross-compiler's g++ has its name from its gcc.
cxx=g++
[ -z "$EMULATOR" ] || cxx=${CC%gcc}g++
need "$cxx"
for standard in c++11 c++17 c++20 c++23; do try c++ $standard "$cxx"; done
[ -x c++11 ] || fail "no C++11"
