# exports_dll.sh <objdump> <source directory> <libxent-0.dll>
# The DLL exports the functions of xent.h under their own names, and nothing else; it needs no DLL that Windows does not have; and where
# its stack is aligned to less than a vector, no instruction moves a vector of 32 or 64 bytes as if it were aligned to that.
set -eu
export LC_ALL=C
objdump=$1 source=$2 library=$3
command -v "$objdump" >/dev/null || { echo "skipped: there is no objdump here: $objdump"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

sed -n 's/^ *\(xent_[a-z0-9_]*\);$/\1/p' "$source/cmake/xent.map" | sort >"$work/expected"
[ "$(wc -l <"$work/expected")" -gt 30 ] || { echo "xent.map was not understood"; exit 1; }
"$objdump" -p "$library" >"$work/headers"
awk '/^\[Ordinal\/Name Pointer\] Table/ { table = 1; next } table && NF == 0 { exit } table { print $NF }' "$work/headers" | sort \
    >"$work/exported"
if ! diff "$work/expected" "$work/exported" >"$work/difference"; then
    echo "$library: < is in xent.map, > is exported"
    cat "$work/difference"
    status=1
fi

sed -n 's/^[[:space:]]*DLL Name: //p' "$work/headers" | sort -u >"$work/needed"
[ -s "$work/needed" ] || { echo "$library: its imports were not understood"; exit 1; }
if grep -Eiv '^(kernel32|msvcrt|ucrtbase|api-ms-win-[a-z0-9-]*)\.dll$' "$work/needed"; then
    echo "$library: needs these, which Windows does not have"
    status=1
fi

if "$objdump" -f "$library" | grep -q 'pei-x86-64'; then
    "$objdump" -d --no-show-raw-insn "$library" | awk '
        /%[yz]mm/ { vectors++ }
        /\tv(movap|movdqa)[^\t]*[ \t].*%[yz]mm/ && /\(/ { if (++aligned <= 10) print }
        END { printf "%d instructions on vectors of 32 or 64 bytes, %d aligned moves of them\n", vectors, aligned; exit aligned > 0 }' ||
        status=1
fi
[ $status -ne 0 ] || echo "$(wc -l <"$work/exported") functions; needs $(paste -sd ' ' "$work/needed")"
exit $status
