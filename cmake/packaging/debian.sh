#!/bin/sh
# sh cmake/packaging/debian.sh [<output directory>]
# Builds the Debian packages (binary, source, debug symbols) of this checkout or tarball, in a temporary directory, and leaves them
# in the output directory: packages if none is named. DEB_BUILD_OPTIONS=nocheck builds without running the tests,
# parallel=<n> with as many compilers. Who hands the packages on says so in DEBFULLNAME and DEBEMAIL.
set -eu
. "$(dirname "$0")/source.sh"
. "$root/cmake/provide.sh"
describe "$@"

umask 022 # dpkg-source records modes
out=${1:-packages}
mkdir -p "$out"
out=$(cd "$out" && pwd)
source_dates
name=${DEBFULLNAME:-libxent authors}
mail=${DEBEMAIL:-$mail}
# The tools of Debian, whatever else the user has installed.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

control=$root/cmake/packaging/debian/control
if ! dpkg-checkbuilddeps "$control" 2>/dev/null; then
    # shellcheck disable=SC2046
    demand_packages apt-get build-essential \
        $(sed -n 's/^Build-Depends: //p' "$control" | sed 's/([^)]*)//g; s/<[^>]*>//g; s/,/ /g')
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/xent-debian.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

source_tarball "$work/libxent_$version.orig.tar.gz"
tree=$work/libxent-$version
tar -C "$work" -xf "$work/libxent_$version.orig.tar.gz"
mkdir "$tree/debian"
cp -R "$tree/cmake/packaging/debian/." "$tree/debian"
chmod +x "$tree/debian/rules"
# A distribution's own first revision, 1, is newer than 0upstream1.
cat >"$tree/debian/changelog" <<EOS
libxent ($version-0upstream1) unstable; urgency=medium

  * Packages made by upstream; docs/changelog.md says what is new.

 -- $name <$mail>  $(LC_ALL=C date -u -R -d "@$epoch")
EOS

cd "$tree"
case " ${DEB_BUILD_OPTIONS:-} " in
*" nocheck "*) echo "== building: minutes" ;;
*) echo "== building, and running all tests: tens of minutes; DEB_BUILD_OPTIONS=nocheck in the environment leaves the tests out" ;;
esac
dpkg-buildpackage --unsigned-source --unsigned-changes >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
cd "$work"
mv build.log "libxent_$version-0upstream1.build"
find . -maxdepth 1 -type f -exec mv {} "$out" \;
echo "libxent $version: $out"
