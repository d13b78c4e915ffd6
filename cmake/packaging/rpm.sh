#!/bin/sh
# sh cmake/packaging/rpm.sh [<output directory> [<option of rpmbuild>...]]
# Builds the RPM packages (binary, source) of this checkout or tarball, in a temporary directory, and leaves them in the output
# directory: packages if none is named. --without tests builds without running the tests.
set -eu
. "$(dirname "$0")/source.sh"
. "$root/cmake/provide.sh"
describe "$@"

out=${1:-packages}
[ $# -eq 0 ] || shift
mkdir -p "$out"
out=$(cd "$out" && pwd)
source_dates

work=$(mktemp -d "${TMPDIR:-/tmp}/xent-rpm.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What Debian's rpm leaves to a distribution. Its database knows no package, so nothing is asked of it.
if command -v dpkg >/dev/null; then
    PATH=/usr/sbin:/usr/bin:/sbin:/bin
    export PATH
    provide rpmbuild cc make cmake cmocka jansson cblas pkg-config openmpi mpich
    set -- --nodeps --define "_docdir /usr/share/doc" "$@"
fi

mkdir "$work/SOURCES"
source_tarball "$work/SOURCES/libxent-$version.tar.gz"
sed "s/@VERSION@/$version/; s/@DATE@/$(LC_ALL=C date -u -d "@$epoch" '+%a %b %d %Y')/" "$root/cmake/packaging/rpm/libxent.spec.in" \
    >"$work/libxent.spec"
case " $* " in
*" --without tests "*) echo "== building: minutes" ;;
*) echo "== building, and running all tests: tens of minutes; --without tests behind the directory leaves them out" ;;
esac
rpmbuild -ba --define "_topdir $work" "$@" "$work/libxent.spec" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
find "$work/RPMS" "$work/SRPMS" -name '*.rpm' -exec mv {} "$out" \;
echo "libxent $version: $out"
