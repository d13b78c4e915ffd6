#!/bin/sh
# sh tests/package/gates/debian.sh [<output directory>]
# On Debian 12: the packages of cmake/packaging/debian.sh, built with all tests, give lintian and blhc nothing to say, and a second
# build of their source, elsewhere, at another time and in other surroundings, makes the same bytes. Leaves the packages in the
# output directory.
set -eu
. "$(dirname "$0")/begin.sh"
other=$work/a/longer/path
mkdir -p "$work/one" "$other"

# quiet <what> <command>...: runs it; a word from it fails
quiet()
{
    quiet_what=$1
    shift
    "$@" >"$work/said" 2>&1 || { cat "$work/said"; echo "$quiet_what: exit code not 0"; exit 1; }
    if [ -s "$work/said" ]; then
        cat "$work/said"
        exit 1
    fi
    echo "$quiet_what: nothing"
}

for tool in lintian blhc faketime; do
    command -v $tool >/dev/null && continue
    demand_packages apt-get lintian blhc faketime
    break
done
TMPDIR=$work/one sh "$root/cmake/packaging/debian.sh" "$out"
quiet lintian lintian --allow-root --pedantic --fail-on error,warning,pedantic "$out"/*.changes
# Not --all: Debian's compiler makes position-independent programs unasked, and the tests' command lines do not say so.
quiet blhc blhc --bindnow "$out"/*.build

# Where the program is not built there is no package of it: a big-endian machine.
mkdir "$work/other_machine"
cp -R "$root/cmake/packaging/debian" "$work/other_machine"
(cd "$work/other_machine" && DEB_HOST_ARCH=s390x dh_listpackages) >"$work/listed"
grep -qx libxent0 "$work/listed" && ! grep -qx xent "$work/listed" || { cat "$work/listed"; echo "these are not the packages of s390x"; exit 1; }

sed -n 's,^apt install \(.*\.deb\).*,\1,p' "$root/README.md" "$root/docs/tool.md" | tr ' ' '\n' >"$work/documented"
[ -s "$work/documented" ] || { echo "the documents install no package"; exit 1; }
while read -r names; do
    find "$out" -name "${names#./packages/}" | grep -q . || { echo "the documents install $names, which is not made"; exit 1; }
done <"$work/documented"

dpkg -x "$out"/libxent-doc_*.deb "$work/doc"
sh "$root/tests/package/dead_links.sh" "$work/doc/usr/share/doc/libxent-dev"

# The tests have passed; what is packaged is the same without them.
(
    umask 0077
    tar -C "$other" -xf "$out"/*.orig.tar.gz
    export TMPDIR="$other" TZ=Pacific/Chatham LC_ALL=C HOME=/nonexistent DEB_BUILD_OPTIONS=nocheck
    faketime -f +400d sh "$other"/libxent-*/cmake/packaging/debian.sh "$work/two"
)
same=0
for file in "$out"/*.deb "$out"/*.dsc "$out"/*.tar.*; do
    cmp "$file" "$work/two/${file##*/}"
    same=$((same + 1))
done
[ $same -eq 18 ] || { echo "$same files were compared"; exit 1; }
echo "built twice: $same files, the same bytes"
