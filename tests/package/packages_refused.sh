# Where a tool is missing that makes packages, and a user may install none, cmake/packaging/debian.sh and rpm.sh, and the gates over them,
# say once what to install.
. "$SOURCE_DIR/tests/package/common.sh"
need unshare
unshare --map-root-user --mount unshare --user true 2>/dev/null || { echo "skipped: this system gives nobody a namespace"; exit 77; }

# refused <script> <missing tool> <package it names>...: the tool cannot be executed, and the user is nobody, who may not be root
refused()
{
    cat >inside <<'EOS'
set -eu
if tool=$(command -v "$1"); then mount --bind /dev/null "$tool"; fi
exec unshare --user sh "$2"
EOS
    ended=0
    unshare --map-root-user --mount sh inside "$2" "$SOURCE_DIR/$1" </dev/null >said 2>&1 || ended=$?
    cat said
    [ $ended -eq 1 ] || fail "$1 ends with $ended"
    [ "$(grep -c 'please install' said)" -eq 1 ] || fail "$1 does not ask once"
    script=$1
    shift 2
    for name; do
        tail -1 said | grep -Eq "please install .*\b$name\b.* as root" || fail "$script does not name $name"
    done
    case $script in
    cmake/*) rmdir packages || fail "$script has another output directory, or leaves something in it" ;;
    esac
}

# The directory that no argument names is one that git ignores, or the next source would have the packages in it.
grep -qx /packages/ "$SOURCE_DIR/.gitignore" || fail "git does not ignore packages"
refused cmake/packaging/debian.sh dpkg-checkbuilddeps libcmocka-dev
refused tests/package/gates/debian.sh lintian lintian blhc
if command -v dpkg >/dev/null; then
    refused cmake/packaging/rpm.sh rpmbuild rpm
    refused cmake/packaging/rpm.sh pkg-config libmpich-dev libopenmpi-dev
fi

# Nothing more is said until the packages are there, or the compiler has failed: so first how long that takes.
announced()
{
    cat >inside <<'EOS'
set -eu
mount --bind /bin/true "$(command -v dpkg-checkbuilddeps)"
mount --bind /bin/false "$(command -v dpkg-buildpackage)"
exec sh "$1" out
EOS
    if DEB_BUILD_OPTIONS=$1 unshare --map-root-user --mount sh inside "$SOURCE_DIR/cmake/packaging/debian.sh" >said 2>&1; then fail "there are packages"; fi
    grep -q "$2" said || { cat said; fail "debian.sh does not announce, with DEB_BUILD_OPTIONS=$1: $2"; }
}

command -v dpkg-buildpackage >/dev/null || exit 0
announced "parallel=2" "^== building, and running all tests: "
announced "parallel=2 nocheck" "^== building: "
