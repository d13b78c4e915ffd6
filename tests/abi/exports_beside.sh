# exports_beside.sh <nm> <readelf> <source directory> <name of the header> <lib...so> <soname>
# A library beside libxent exports the functions of its header, all under the version node of the header's map in cmake/, and nothing else,
# and calls nothing of libxent but what xent.h has.
set -eu
export LC_ALL=C
nm=$1 readelf=$2 source=$3 header=$4 shared=$5 soname=$6
for tool in "$nm" "$readelf"; do
    command -v "$tool" >/dev/null || { echo "skipped: binutils (nm, readelf) are not all here: $tool"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# declared <header>: the functions that it declares; what begins a line is no comment and goes on no other line
declared()
{
    grep -E '^(XENT_API|int) ' "$source/include/$1.h" | grep -o 'xent_[a-z0-9_]*(' | tr -d '(' | sort
}

node=$(sed -n 's/^\(XENT_[A-Z]*_0\) {$/\1/p' "$source/cmake/$header.map")
declared "$header" >"$work/declared"
[ -n "$node" ] && [ -s "$work/declared" ] || { echo "$header.h or its map was not understood"; exit 1; }
{ cat "$work/declared"; echo "$node"; } | sort >"$work/expected"
"$nm" -D --defined-only "$shared" | awk '{ print $3 }' | sed 's/@.*//' | sort >"$work/exported"
diff "$work/expected" "$work/exported" || { echo "$shared: < is in $header.h, > is there"; exit 1; }
sed "s/\$/@@$node/" "$work/declared" >"$work/expected"
"$readelf" --dyn-syms --wide "$shared" | awk '$4 == "FUNC" && $7 != "UND" { print $8 }' | sort >"$work/exported"
diff "$work/expected" "$work/exported" || { echo "$shared: < is in $header.h, > is there"; exit 1; }
declared xent >"$work/public"
"$nm" -D --undefined-only "$shared" | awk '{ print $2 }' | sed 's/@.*//' | sed -n '/^xent_/p' | sort >"$work/used"
[ -z "$(comm -13 "$work/public" "$work/used")" ] || { comm -13 "$work/public" "$work/used"; echo "$shared uses what xent.h does not have"; exit 1; }
"$readelf" -d "$shared" | grep -q "SONAME.*\[$soname\]" || { echo "$shared: its SONAME is not $soname"; exit 1; }
echo "$(wc -l <"$work/declared") functions, all under $node, over $(wc -l <"$work/used") of libxent"
