# A section of docs/examples/README.md, EXAMPLE: each of its blocks of commands builds a program that prints what the page says, and
# that ends with libxent's message where a call fails. The commands run in a copy of the checkout; /usr/local is the prefix.
. "$SOURCE_DIR/tests/package/common.sh"
page=$SOURCE_DIR/docs/examples/README.md
awk '/^```/ { if (inside) exit; inside = $0 == "```"; next } inside' "$page" >expected
[ -s expected ] || fail "docs/examples/README.md does not say what the programs print"
awk -v heading="## $EXAMPLE" '
    /^## / { mine = $0 == heading }
    /^```/ { inside = $0 == "```sh" && mine; blocks += inside; next }
    inside { print > ("block" blocks) }' "$page"
[ -s block1 ] || fail "docs/examples/README.md has no commands of $EXAMPLE"

mkdir bin
wrapper()
{
    printf '#!/bin/sh\n%s' "${3:-}" >"bin/$1"
    printf 'exec %s "$@"\n' "$2" >>"bin/$1"
    chmod +x "bin/$1"
}
wrapper cc "'$CC' $CFLAGS"
# shellcheck disable=SC2016
wrapper cmake "'$CMAKE'" 'case $1 in --build | --version | -E | -P) ;; *) set -- '"$one_backend"' "$@" ;; esac
'
for python in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    if executable=$("$python" -c 'import numpy, sys; numpy.ndarray.__dlpack__; print(sys.executable)' 2>/dev/null); then
        wrapper python3 "'$executable'"
        break
    fi
done
export PATH="$WORK_DIR/bin:$PATH" PREFIX LIBDIR INCLUDEDIR CMAKE_GENERATOR="$GENERATOR"
# Go and Python leave nothing behind, and Go asks no network.
export GOCACHE="$WORK_DIR/go" GOFLAGS="" GOPROXY=off GOTOOLCHAIN=local PYTHONDONTWRITEBYTECODE=1

case $EXAMPLE in
c | cpp | go) need pkg-config ;;
meson) need pkg-config && need ninja ;;
python) [ -x bin/python3 ] || { echo "skipped: there is no Python with numpy 1.22 or newer here"; exit 77; } ;;
esac

# run <file of commands>: the last one is the program
run()
{
    rm -rf checkout
    mkdir checkout
    for part in CMakeLists.txt LICENSE README.md cmake docs include src; do cp -R "$SOURCE_DIR/$part" checkout; done
    cd "checkout/docs/examples/$EXAMPLE"
    sed '$d' "$1" >build.sh
    sh -eux build.sh >&2 || fail "the commands end with $?"
    program=$(sed -n '$p' "$1")
    echo "$program"
    sh -c "$program" >printed || fail "it ends with $?"
    diff "$WORK_DIR/expected" printed || fail "< is expected, > is printed"
    ended=0
    XENT_BACKEND=none sh -c "$program" >printed 2>message || ended=$?
    [ "$ended" -eq 1 ] || fail "it ends with $ended where a call fails"
    grep -q 'XENT_BACKEND' message || fail "a call fails and it says \"$(cat message)\""
    [ ! -s printed ] || fail "it prints a result where a call fails"
    case $EXAMPLE in
    c | cpp | rust) grep -q -- ' -static ' "$1" || leaks "$program" ;; # valgrind knows no static malloc
    esac
    cd "$WORK_DIR"
}

# leaks <program>: ends with all memory returned, after a failure too
leaks()
{
    command -v valgrind >/dev/null || return 0
    for backend in scalar none; do
        ended=0
        XENT_BACKEND=$backend valgrind -q --leak-check=full --error-exitcode=99 "$1" >/dev/null 2>memory || ended=$?
        [ "$ended" -ne 99 ] || { cat memory >&2; fail "valgrind has found something, with XENT_BACKEND=$backend"; }
    done
}

for block in block*; do
    for tool in $(sed 's/ .*//; /^\.\//d' "$block"); do need "$tool"; done
    # shellcheck disable=SC2016
    sed 's,/usr/local/lib,"$PREFIX/$LIBDIR",g; s,/usr/local/include,"$PREFIX/$INCLUDEDIR",g' "$block" >commands
    if grep -q -- ' -static ' commands && ! echo 'int main(void) { return 0; }' | cc -static -x c - -o static 2>/dev/null; then
        echo "left out: there is no static libc here"
        continue
    fi
    (
        if grep -q 'subprojects/\|FETCHCONTENT_' commands; then
            unset PKG_CONFIG_PATH # from source: nothing is installed
        else
            export CMAKE_PREFIX_PATH="$PREFIX" LD_LIBRARY_PATH="$PREFIX/$LIBDIR"
        fi
        run "$WORK_DIR/commands"
    )
done
