# Flags that change arithmetic, from whoever builds, change none of libxent's.
. "$SOURCE_DIR/tests/builds/common.sh"

# One by one: with each, where CMAKE_C_FLAGS stand, these sources become the same objects as without it.
configure "$SOURCE_DIR" one -G "$GENERATOR" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-DFLAGS_OF_THE_USER -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
    -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=OFF -DXENT_BUILD_TOOL=OFF
[ -f one/compile_commands.json ] || { echo "skipped: $GENERATOR does not say how it compiles"; exit 77; }
sed -n 's/^ *"command": "\(.*\)",$/\1/p' one/compile_commands.json | sed 's/\\"/"/g' >commands
for source in rows/row.c kernels_scalar_stats_f32.c; do
    grep "[/]$source\$" commands | sed 1q
done | sed 's/ -o [^ ]* -c / -c /' >two
[ "$(wc -l <two)" -eq 2 ] || fail "the commands were not understood"

# compile <objects> <flags> [<flags behind all others>]
compile()
{
    mkdir -p "$1"
    number=0
    while read -r command; do
        number=$((number + 1))
        # The source is the last word of a command.
        (cd one && eval "$(printf '%s' "$command" | sed "s/-DFLAGS_OF_THE_USER/$2/; s/ -c / ${3-} -c /") -o ../$1/$number.o") || return 1
    done <two
}

# knows <flag>...
knows()
{
    echo 'int main(void) { return 0; }' | "$CC" "$@" -Werror -O2 -x c -o knows - 2>/dev/null
}

fused=
if knows -mfma; then fused=-mfma; fi # a backend for CPUs that have it must not fuse either
compile plain "$fused -Werror"
compile behind "$fused" -ffast-math 2>refused && fail "a compiler that is told -ffast-math last compiles libxent"
grep -q "libxent's results" refused || fail "-ffast-math is not refused in so many words"

tried=0
while read -r flags; do
    # shellcheck disable=SC2086
    knows $flags || { echo "$flags: this compiler does not know it"; continue; }
    compile flagged "$fused $flags" 2>message || { cat message; fail "$flags: does not compile"; }
    for number in 1 2; do cmp "plain/$number.o" "flagged/$number.o" || fail "$flags: another object"; done
    tried=$((tried + 1))
done <<EOS
-ffast-math
-Ofast
-funsafe-math-optimizations
-fassociative-math -fno-signed-zeros -fno-trapping-math
-freciprocal-math
-fno-signed-zeros
-ffinite-math-only
-ffp-contract=fast
-ffp-contract=on
-fsingle-precision-constant
-fexcess-precision=fast
-mfpmath=387
-mfpmath=both
-mrecip
-mrecip -ffast-math
-ffp-model=fast
-ffp-model=precise
-fapprox-func
-fno-honor-nans -fno-honor-infinities
-fdenormal-fp-math=preserve-sign
-ffast-math -Werror
EOS
echo "$tried flags: the same objects"
[ "$tried" -ge 10 ] || fail "this compiler does not know the flags"

# All of it: from the environment, in the build type that has no level of its own, for the link as well.
CFLAGS="-Ofast -ffast-math $fused" LDFLAGS=-ffast-math configure "$SOURCE_DIR" all -G "$GENERATOR" -DCMAKE_BUILD_TYPE=Debug -DXENT_BUILD_EXAMPLES=OFF -DXENT_BUILD_TOOL=OFF
build all --target golden_bits
same_bits all/tests/golden/golden_bits

# A program that loads this library keeps its subnormal numbers; linked with -ffast-math itself it shows that this test would see it.
subnormal()
{
    "$CC" "$@" -I"$SOURCE_DIR/include" "$SOURCE_DIR/tests/builds/subnormal.c" -o subnormal -L"$WORK_DIR/all/src" -lxent
    LD_LIBRARY_PATH="$WORK_DIR/all/src" ./subnormal
}
subnormal || fail "the library takes the subnormal numbers from who loads it"
if subnormal -ffast-math; then echo "-ffast-math leaves subnormal numbers alone on this target"; fi
