#!/bin/sh
# sh cmake/packaging/upstream.sh [--check]
# Writes what cmake/packaging/upstream says to every file that says it too; with --check, names those that say something else.
set -eu
. "$(dirname "$0")/source.sh"
check=${1:-}
case $check in
'' | --check) ;;
*) echo "usage: sh cmake/packaging/upstream.sh [--check]" >&2; exit 2 ;;
esac
written=$(mktemp)
trap 'rm -f "$written"' EXIT
status=0

case $url in
https://*[!A-Za-z0-9:/._~-]* | */ | *.git) echo "url is \"$url\", expected https:// and a plain address, without .git" >&2; exit 1 ;;
https://?*) ;;
*) echo "url is \"$url\", expected https:// and a plain address, without .git" >&2; exit 1 ;;
esac
case $mail in
*[!A-Za-z0-9@._+-]*) echo "mail is \"$mail\", expected a plain address" >&2; exit 1 ;;
?*@?*) ;;
*) echo "mail is \"$mail\", expected a plain address" >&2; exit 1 ;;
esac

# says <file> <what stands before it, a pattern> <what it is> <what stands behind it, a pattern>: on one line or more
says()
{
    sed "s,\($2\)[^ <>]*\($4\),\1$3\2," "$root/$1" >"$written"
    if ! grep -q "$2$3$4" "$written"; then
        echo "$1 has no place for $3" >&2
        status=1
    elif ! cmp -s "$written" "$root/$1"; then
        if [ "$check" = --check ]; then
            echo "$1 does not say $3: run sh cmake/packaging/upstream.sh" >&2
            status=1
        else
            cat "$written" >"$root/$1"
            echo "written: $1"
        fi
    fi
}

says cmake/packaging/debian/control '^Maintainer: libxent authors <' "$mail" '>$'
says cmake/packaging/debian/control '^Homepage: ' "$url" '$'
says cmake/packaging/debian/changelog '^ -- libxent authors <' "$mail" '>  '
says cmake/packaging/rpm/libxent.spec.in '^URL: ' "$url" '$'
says cmake/packaging/rpm/libxent.spec.in ' libxent authors <' "$mail" '> - '
says docs/examples/cmake_fetch/CMakeLists.txt 'GIT_REPOSITORY ' "$url.git" ' '
says docs/examples/meson/subprojects/xent.wrap '^url = ' "$url.git" '$'
says docs/security.md '<' "$mail" '>'
exit $status
