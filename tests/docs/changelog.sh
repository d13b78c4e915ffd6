# docs/changelog.md has the form of Keep a Changelog, and its first section is of the version that CMakeLists.txt states. So is the
# changelog of Debian's that whoever packages libxent begins with.
set -eu
debian=$(sed -n '1s/^libxent (\(.*\)-1) .*/\1/p' "$SOURCE_DIR/cmake/packaging/debian/changelog")
[ "$debian" = "$VERSION" ] || { echo "cmake/packaging/debian/changelog is of version $debian, expected $VERSION"; exit 1; }
awk -v version="$VERSION" '
    function wrong(what) { print FILENAME ":" FNR ": " what; bad = 1 }
    /^## / {
        sections++
        if ($0 == "## [Unreleased]") {
            if (sections > 1) wrong("Unreleased comes first")
            unreleased = 1
        } else if ($0 !~ /^## \[[0-9]+\.[0-9]+\.[0-9]+\] - [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]$/) {
            wrong("expected \"## [Unreleased]\" or \"## [1.2.3] - 2026-01-31\"")
        } else {
            if ($2 == "[" version "]" && unreleased) wrong("raise the version in CMakeLists.txt: " version " is released")
            if (sections == 1 && $2 != "[" version "]") wrong("CMakeLists.txt states version " version)
            if (last != "" && $4 > last) wrong("the newest release comes first")
            last = $4
        }
    }
    /^### / && !/^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/ { wrong("no kind of change") }
    /^- / { changes++ }
    END {
        print sections + 0 " sections, " changes + 0 " changes"
        exit bad || sections == 0 || changes == 0
    }' "$SOURCE_DIR/docs/changelog.md"
