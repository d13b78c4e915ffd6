# The source is the same files with git and without: those that .gitignore does not name.
. "$SOURCE_DIR/tests/package/common.sh"
mkdir tree
for part in .gitignore CMakeLists.txt cmake docs; do cp -R "$SOURCE_DIR/$part" tree; done
cd tree
cat >cmake/packaging/files.sh <<'EOS'
. "$(dirname "$0")/source.sh"
source_files | tr '\0' '\n'
EOS
sh cmake/packaging/files.sh >../before
grep -qx docs/changelog.md ../before || fail "the source lacks documents"

ignored=$(sed -n 's,^/\(.*\)/$,\1,p' .gitignore | sed 's/\*/gcc/')
[ "$(echo "$ignored" | wc -l)" -eq "$(wc -l <.gitignore)" ] || fail ".gitignore has lines of another kind than /directory/"
for directory in $ignored; do
    mkdir "$directory"
    echo leftover >"$directory/file"
done
sh cmake/packaging/files.sh >../after
diff ../before ../after || fail "without git these are taken for source"

need git
git init -q .
sh cmake/packaging/files.sh >../with_git
diff ../before ../with_git || fail "< is the source without git, > with it"
