# docs/man: the program in the EXAMPLES of every page compiles without a warning, runs, and prints what the page says, the display
# that follows it; one that needs the header of DLPack, or a library beside libxent, only where that is here. CTest gives the variables (CMakeLists.txt).
set -eu
tests=$(cd "$(dirname "$0")" && pwd)
. "$SOURCE_DIR/tests/support/begin.sh"
for library in $LIBRARY $SIDE_LIBRARIES $MPI_LIBRARY; do
    LD_LIBRARY_PATH="$(dirname "$library")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
examples=$tests/man_example.awk
bad=0

complain()
{
    echo "docs/man/$name.3: $1" >&2
    bad=1
}

for page in "$SOURCE_DIR"/docs/man/*.3; do
    name=$(basename "$page" .3)
    awk -v wanted=1 -f "$examples" "$page" >"$name.c" || complain "this example cannot be copied from a terminal"
    awk -v wanted=2 -f "$examples" "$page" >"$name.expected" || complain "this output is not what a terminal shows"
    grep -q '^int main(void)$' "$name.c" || { complain "EXAMPLES has no program"; continue; }
    [ -s "$name.expected" ] || { complain "EXAMPLES does not say what the program prints"; continue; }
    # shellcheck disable=SC2086
    if grep -q '<dlpack/' "$name.c" && ! echo '#include <dlpack/dlpack.h>' | "$CC" $CFLAGS -E -x c - >/dev/null 2>&1; then
        echo "$name is left out: there is no dlpack/dlpack.h"
        continue
    fi
    side=$(sed -n 's/^#include <xent_\([a-z]*\)\.h>$/\1/p' "$name.c" | grep -vx dlpack || true)
    side_flags= run=$EMULATOR
    if [ "$side" = mpi ]; then
        if [ -n "$MPI" ] && command -v "mpirun.$MPI" >/dev/null; then
            side_flags="$MPI_LIBRARY $(pkg-config --cflags --libs "$MPI_MODULE")"
            run="sh $SOURCE_DIR/tests/mpi/run.sh mpirun.$MPI 2"
        fi
    elif [ -n "$side" ]; then
        side_flags=$(printf '%s\n' $SIDE_LIBRARIES | grep "/libxent-$side\." || true)
    fi
    if [ -n "$side" ] && [ -z "$side_flags" ]; then
        echo "$name is left out: libxent-$side is not built, or there is no mpirun for it"
        continue
    fi
    # shellcheck disable=SC2086
    "$CC" $CFLAGS -std=c11 -Wall -Wextra -Werror -I"$SOURCE_DIR/include" "$name.c" $side_flags "$LIBRARY" -o "$name" ||
        { complain "the example does not compile"; continue; }
    $run "./$name" >"$name.printed" || complain "the example fails"
    diff "$name.expected" "$name.printed" >&2 || complain "< is what the page says, > what the example prints"
done
[ $bad -ne 0 ] || echo "$(ls ./*.printed | wc -l) examples"
exit $bad
