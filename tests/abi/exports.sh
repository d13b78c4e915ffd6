# exports.sh <nm> <readelf> <source directory> <libxent.so> <libxent.a> <configuration>
# The shared library exports the functions of xent.h, all under XENT_0, and nothing else; what the static library shows to the
# linker begins with xent_; and only a Debug build has assertions.
set -eu
export LC_ALL=C
nm=$1 readelf=$2 source=$3 shared=$4 static=$5 configuration=$6
for tool in "$nm" "$readelf"; do
    command -v "$tool" >/dev/null || { echo "skipped: binutils (nm, readelf) are not all here: $tool"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# same <what> <expected file> <found file>
same()
{
    if ! diff "$2" "$3" >"$work/difference"; then
        echo "$1: < is in xent.h, > is there"
        cat "$work/difference"
        status=1
    fi
}

# A declaration may go on over several lines, so they are joined first.
sed '/^#/d' "$source/include/xent.h" | tr '\n' ' ' | grep -o 'XENT_API [^;(]*(' | grep -o 'xent_[a-z0-9_]*(' | tr -d '(' |
    sort >"$work/declared"
[ "$(wc -l <"$work/declared")" -gt 30 ] || { echo "xent.h was not understood"; exit 1; }

sed -n 's/^ *\(xent_[a-z0-9_]*\);$/\1/p' "$source/cmake/xent.map" | sort >"$work/mapped"
same "cmake/xent.map" "$work/declared" "$work/mapped"

{ cat "$work/declared"; echo XENT_0; } | sort >"$work/expected"
"$nm" -D --defined-only "$shared" | awk '{ print $3 }' | sed 's/@.*//' | sort >"$work/exported"
same "$shared" "$work/expected" "$work/exported"

sed 's/$/@@XENT_0/' "$work/declared" >"$work/expected"
"$readelf" --dyn-syms --wide "$shared" | awk '$4 == "FUNC" && $7 != "UND" { print $8 }' | sort >"$work/versioned"
same "$shared (versions)" "$work/expected" "$work/versioned"

# "<object> <symbol>" for all that the static library's objects show to each other and to a program.
"$nm" -g --defined-only "$static" | awk '/:$/ { object = $0 } NF == 3 { print object, $3 }' >"$work/global"
sed 's/.* //' "$work/global" | grep -Fx -f "$work/declared" | sort >"$work/public"
same "$static" "$work/declared" "$work/public"
if grep -v ' xent_' "$work/global"; then
    echo "$static: these names do not begin with xent_"
    status=1
fi
# A function that such an object shared with others would run its instructions on any CPU.
if grep '^kernels_' "$work/global" | grep -Ev ' xent_(real_|stored_|stats_)?kernels_[a-z0-9_]*$'; then
    echo "$static: a backend shows more than its tables"
    status=1
fi
grep -q '^kernels_scalar_backend.*: xent_kernels_scalar$' "$work/global" || { echo "$static: no table of the scalar backend"; status=1; }

if [ "$configuration" != Debug ] && "$nm" -u "$static" | grep '__assert'; then
    echo "$static: assertions in a build that is not Debug but \"$configuration\""
    status=1
fi

"$readelf" -d "$shared" | grep -q 'SONAME.*\[libxent\.so\.0\]' || { echo "$shared: its SONAME is not libxent.so.0"; status=1; }
"$readelf" -d "$shared" | grep -q 'NODELETE' || { echo "$shared: not linked with -z nodelete"; status=1; }
[ $status -eq 0 ] && echo "$(wc -l <"$work/declared") functions, all under XENT_0"
exit $status
