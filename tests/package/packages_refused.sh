# Where a tool is missing that makes packages, and a user may install none, cmake/packaging/debian.sh and rpm.sh say what to install.
. "$SOURCE_DIR/tests/package/common.sh"
need unshare
unshare --map-root-user --mount unshare --user true 2>/dev/null || { echo "skipped: this system gives nobody a namespace"; exit 77; }

# refused <script> <missing tool> <package it names>: the tool cannot be executed, and the user is nobody, who may not be root
refused()
{
    cat >inside <<'EOS'
set -eu
if tool=$(command -v "$1"); then mount --bind /dev/null "$tool"; fi
exec unshare --user sh "$2" out
EOS
    ended=0
    unshare --map-root-user --mount sh inside "$2" "$SOURCE_DIR/cmake/packaging/$1" </dev/null >said 2>&1 || ended=$?
    cat said
    [ $ended -eq 1 ] || fail "$1 ends with $ended"
    tail -1 said | grep -Eq "please install .*\b$3\b.* as root" || fail "$1 does not name $3"
    [ -z "$(ls out)" ] || fail "$1 leaves something behind"
}

refused debian.sh dpkg-checkbuilddeps libcmocka-dev
! command -v dpkg >/dev/null || refused rpm.sh rpmbuild rpm
