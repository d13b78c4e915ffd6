# exports.sh <nm> <readelf> <source directory> <libxent-mpi-*.so> <name>
# The library exports the functions of xent_mpi.h, all under XENT_MPI_0, and nothing else, and calls nothing of libxent but what xent.h has.
set -eu
export LC_ALL=C
nm=$1 readelf=$2 source=$3 shared=$4 name=$5
for tool in "$nm" "$readelf"; do
    command -v "$tool" >/dev/null || { echo "skipped: binutils (nm, readelf) are not all here: $tool"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# declared <header>: the functions that it declares
declared()
{
    sed '/^#/d' "$source/include/$1" | tr '\n' ' ' | grep -o 'XENT_API [^;(]*(' | grep -o 'xent_[a-z0-9_]*(' | tr -d '(' | sort
}

declared xent_mpi.h >"$work/declared"
[ "$(wc -l <"$work/declared")" -eq 3 ] || { echo "xent_mpi.h was not understood"; exit 1; }
{ cat "$work/declared"; echo XENT_MPI_0; } | sort >"$work/expected"
"$nm" -D --defined-only "$shared" | awk '{ print $3 }' | sed 's/@.*//' | sort >"$work/exported"
diff "$work/expected" "$work/exported" || { echo "$shared: < is in xent_mpi.h, > is there"; exit 1; }
sed 's/$/@@XENT_MPI_0/' "$work/declared" >"$work/expected"
"$readelf" --dyn-syms --wide "$shared" | awk '$4 == "FUNC" && $7 != "UND" { print $8 }' | sort >"$work/exported"
diff "$work/expected" "$work/exported" || { echo "$shared: < is in xent_mpi.h, > is there"; exit 1; }
declared xent.h >"$work/public"
"$nm" -D --undefined-only "$shared" | awk '{ print $2 }' | sed 's/@.*//' | grep '^xent_' | sort >"$work/used"
comm -13 "$work/public" "$work/used" | grep . && { echo "$shared uses what xent.h does not have"; exit 1; }
"$readelf" -d "$shared" | grep -q "SONAME.*\[libxent-mpi-$name\.so\.0\]" || { echo "$shared: its SONAME is not libxent-mpi-$name.so.0"; exit 1; }
echo "$(wc -l <"$work/declared") functions, all under XENT_MPI_0, over $(wc -l <"$work/used") of libxent"
