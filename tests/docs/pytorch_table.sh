# docs/pytorch.md: every row of its table has a section, and every section a snippet in each language. CTest gives the variables
# (CMakeLists.txt).
set -eu
page=$SOURCE_DIR/docs/pytorch.md
. "$SOURCE_DIR/tests/support/begin.sh"

awk '/^\| \[[0-9]+\]/ { sub(/^\| \[/, ""); sub(/\].*/, ""); print $0, "python c" }' "$page" >rows
awk '
    /^### / { if (number) print number, found; number = $2 + 0; found = "" }
    /^```(python|c)$/ && number { found = found (found ? " " : "") substr($0, 4) }
    /^## / { if (number) print number, found; number = 0 }' "$page" >sections
[ -s rows ] || { echo "the table of docs/pytorch.md has no rows" >&2; exit 1; }
diff rows sections || { echo "< is a row of the table, > a section with its snippets" >&2; exit 1; }
