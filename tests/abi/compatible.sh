# compatible.sh <cmake> <cc> <source directory> <work directory> [record]
# The shared library's interface against the last release's, recorded in libxent.abi: a program built then runs now. Functions,
# enumerators and fields at the end of xent_options may have been added. With "record" it becomes the new libxent.abi.
set -eu
cmake=$1 cc=$2 source=$3 work=$4
for tool in abidw abidiff; do
    command -v $tool >/dev/null || { echo "skipped: libabigail is not here (Debian: abigail-tools): $tool"; exit 77; }
done

# Built here, because it needs debug information; the backends are no part of the interface.
rm -rf "$work"
"$cmake" -S "$source" -B "$work/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Debug -DXENT_INSTALL=OFF \
    -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=OFF -DXENT_BUILD_TOOL=OFF -DXENT_ENABLE_AVX2=OFF -DXENT_ENABLE_AVX512=OFF
"$cmake" --build "$work/build" --target xent
abidw --headers-dir "$source/include" --drop-private-types --exported-interfaces-only --no-corpus-path --no-comp-dir-path \
    --no-show-locs --no-elf-needed --short-locs --type-id-style hash "$work/build/src/libxent.so" --out-file "$work/libxent.abi"
if [ "${5:-}" = record ]; then
    cp "$work/libxent.abi" "$source/tests/abi/libxent.abi"
    exit
fi

# as_known <dump>: with only the fields of xent_options that the record has. A program built then hands over a struct of its size,
# which the library looks at first.
as_known()
{
    awk '
        /<class-decl name=.xent_options./ {
            inside = 1; fields = 0
            match($0, /size-in-bits=.[0-9]+/); size = substr($0, RSTART + 14, RLENGTH - 14) + 0
            if (NR == FNR) known_size = size
            else if (size > known_size) sub(/size-in-bits=.[0-9]+/, "size-in-bits=" quote known_size)
        }
        inside && /<data-member/ { fields++; if (NR == FNR) known = fields }
        NR != FNR && !(inside && fields > known && !/<\/class-decl>/)
        /<\/class-decl>/ { inside = 0 }' quote="'" "$record" "$1"
}

record=$source/tests/abi/libxent.abi
compare()
{
    as_known "$1" >"$work/known.abi"
    abidiff --no-added-syms "$record" "$work/known.abi"
}

if ! compare "$work/libxent.abi"; then
    echo "programs built with the last release may not run with this library; docs/abi.md says what may change"
    exit 1
fi

# try <0 or 1: whether it is compatible> <sed command>: a change to the record, and what is said of it
try()
{
    sed "$2" "$record" >"$work/changed.abi"
    ! cmp -s "$record" "$work/changed.abi" || { echo "this changes nothing: $2"; exit 1; }
    said=0
    compare "$work/changed.abi" >"$work/difference" || said=1
    [ $said -eq "$1" ] || { cat "$work/difference"; echo "taken for $said: $2"; exit 1; }
}
struct="/class-decl name='xent_options'/,/<\/class-decl>/"
field="<data-member access='public' layout-offset-in-bits='640'><var-decl name='more' type-id='a0eb0f08'/></data-member>"
try 0 "$struct{s/size-in-bits='640'/size-in-bits='704'/;s,</class-decl>,$field\n&,}"
try 0 "/name='XENT_STATUS_FORCE_INT'/i <enumerator name='XENT_ERROR_NEW' value='9'/>"
try 1 "/XENT_ERROR_SHAPE/s/'2'/'9'/"
try 1 "/elf-symbol name='xent_log'/d;/function-decl name='xent_log'/,/<\/function-decl>/d"
try 1 "/function-decl name='xent_log'/,/<\/function-decl>/{/name='x'/d}"
try 1 "$struct{s/layout-offset-in-bits='96'/layout-offset-in-bits='608'/}"
try 1 "$struct{s/'z_loss' type-id='[0-9a-f]*'/'z_loss' type-id='9da381c4'/}"
try 1 "$struct{s/size-in-bits='640'/size-in-bits='576'/;/offset-in-bits='\(576\|608\)'/,/<\/data-member>/d}"
try 1 "s/soname='libxent.so.0'/soname='libxent.so.1'/"
echo "a program built with the last release runs with this library"
