# Sourced by the scripts beside it: the version, its date, url and mail (upstream), and the files that make up the source.
root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/cmake/packaging/upstream"

# checked_out: whether this is git's checkout, and not a tarball inside somebody else's
checked_out()
{
    [ "$(git -C "$root" rev-parse --show-toplevel 2>/dev/null)" = "$root" ]
}

# source_files: the files of the source, each ended by NUL: what git would not ignore, with git or without
source_files()
{
    if checked_out; then
        git -C "$root" ls-files -z --cached --others --exclude-standard
    else
        (cd "$root" && find . -type d \( -name .git -o -path ./build -o -path './build-*' -o -path ./packages \) -prune -o -type f -printf '%P\0')
    fi | LC_ALL=C sort -zu
}

# source_dates: sets version, and epoch, the seconds of its date. The first section of docs/changelog.md decides: a release has the
# date that stands there; before it there are snapshots, of the last commit's date, or of the newest file's where there is no git.
# 0.1.0~20260102.030405 sorts before 0.1.0 in Debian and in RPM.
source_dates()
{
    version=$(sed -n 's/^project(xent VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt")
    heading=$(grep '^## ' "$root/docs/changelog.md" | sed -n 1p)
    case $heading in
    "## [$version] - "*)
        case $url:$mail in
        *example.org*)
            echo "a release says where it comes from: set url and mail in cmake/packaging/upstream, then run" \
                "sh cmake/packaging/upstream.sh" >&2
            return 1
            ;;
        esac
        epoch=$(date -u -d "${heading##* }" +%s)
        ;;
    "## [Unreleased]")
        if checked_out; then
            epoch=$(git -C "$root" log -1 --format=%ct)
        else
            epoch=$(source_files | (cd "$root" && xargs -0 stat -c %Y) | sort -n | tail -1)
        fi
        version=$version~$(date -u -d "@$epoch" +%Y%m%d.%H%M%S)
        ;;
    *)
        echo "docs/changelog.md begins with \"$heading\", which is neither Unreleased nor version $version of CMakeLists.txt" >&2
        return 1
        ;;
    esac
}

# source_tarball <file>: the source in libxent-<version>/, the same bytes wherever and whenever it is made
source_tarball()
{
    source_files | tar -C "$root" --no-recursion --null -T - --transform "s,^,libxent-$version/," --format=ustar \
        --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf "$1.tar"
    gzip -9n <"$1.tar" >"$1"
    rm "$1.tar"
}
