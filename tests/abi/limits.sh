# limits.sh <source directory>
# No C file over 300 lines but include/xent.h, which is the reference, and no function over 60. Formatted as .clang-format says, a
# function's body stands between { and } in column 0, or on one line.
set -eu
cd "$1"
find include src tests docs -name '*.[ch]' -print | sort | xargs awk '
    function close_file() { if (lines > 300 && name != "include/xent.h") { print name ": " lines " lines"; bad = 1 } }
    FNR == 1 { close_file(); name = FILENAME; files++; start = 0 }
    { lines = FNR }
    /^\{/ { start = FNR; functions++ }
    /^[a-z].*\) \{$/ && !/^(struct|union|enum) / { print FILENAME ":" FNR ": the brace of a function belongs in column 0"; bad = 1 }
    /^\}/ && start {
        if (FNR - start - 1 > 60) { print FILENAME ":" start ": a function of " FNR - start - 1 " lines"; bad = 1 }
        start = 0
    }
    END {
        close_file()
        print files " files, " functions " functions"
        exit bad || functions < 10
    }'
