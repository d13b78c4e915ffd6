#!/bin/sh
# sh cmake/packaging/release.sh [<output directory>]
# Makes libxent-<version>.tar.gz and its checksum, in the output directory: packages if none is named. What is in it builds and passes all
# tests without a network, and makes the same tarball once more. Before it is tagged, a release has its date in docs/changelog.md and
# everything committed.
set -eu
. "$(dirname "$0")/source.sh"
. "$root/cmake/provide.sh"
describe "$@"

out=${1:-packages}
mkdir -p "$out"
out=$(cd "$out" && pwd)
source_dates
provide cc make cmake cmocka pkg-config

if checked_out && [ -n "$(git -C "$root" status --porcelain)" ]; then
    git -C "$root" status --short
    case $version in
    *~*) echo "== a snapshot with changes that are not committed" ;;
    *) echo "a release is made of what is committed" >&2; exit 1 ;;
    esac
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/xent-release.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tarball=libxent-$version.tar.gz
source_tarball "$work/$tarball"
tar -C "$work" -xzf "$work/$tarball"

offline="unshare --map-root-user --net"
$offline true 2>/dev/null || { offline=; echo "== this system lets nobody take the network away: it is there"; }
XENT_TEST_EFFORT=1 $offline sh "$work/libxent-$version/tests/run.sh"

echo "== the tarball once more, from its own content"
made=$version
root=$work/libxent-$version
source_dates
[ "$version" = "$made" ] || { echo "it is of version $version"; exit 1; }
source_tarball "$work/again.tar.gz"
cmp "$work/$tarball" "$work/again.tar.gz"

mv "$work/$tarball" "$out"
(cd "$out" && sha256sum "$tarball" >"$tarball.sha256" && cat "$tarball.sha256")
