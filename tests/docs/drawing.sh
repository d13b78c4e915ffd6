# docs/architecture: the drawing has every room under src/ and an arrow for each pair of rooms of which one includes the other, and no
# more; the files that the drawing of a call names are there. CTest gives the variables (CMakeLists.txt).
set -eu
rm -rf "$WORK_DIR"
mkdir -p "$WORK_DIR"
cd "$SOURCE_DIR/src"
drawings=$SOURCE_DIR/docs/architecture
bad=0

complain()
{
    echo "failed: $1" >&2
    bad=1
}

rooms=$(find . -mindepth 1 -maxdepth 1 -type d | sed 's,^\./,,' | sort)
[ -n "$rooms" ] || complain "src has no rooms"
for drawing in rooms call; do
    sed -n 's,.*<text class="name"[^>]*>\([a-z]*\)/</text>.*,\1,p' "$drawings/$drawing.svg" | grep -vx 'include\|src\|tests' | sort \
        >"$WORK_DIR/$drawing"
    printf '%s\n' $rooms | diff - "$WORK_DIR/$drawing" >&2 || complain "< is a room under src, > one of $drawing.svg"
done

for room in $rooms; do
    find "$room" -name '*.[ch]' -exec sed -n 's,^ *# *include "\(.*\)".*,\1,p' {} + |
        sed -n 's,^xent\.h$,include,p; s,/.*,,p' | grep -vx "$room" | sed "s/^/$room-/" | sort -u
done >"$WORK_DIR/includes"
[ -s "$WORK_DIR/includes" ] || complain "no room includes from another"
sed -n 's,.*<path class="may" id="\([a-z]*-[a-z]*\)".*,\1,p' "$drawings/rooms.svg" | grep -v '^\(tests\|program\)-' | sort \
    >"$WORK_DIR/arrows"
diff "$WORK_DIR/includes" "$WORK_DIR/arrows" >&2 || complain "< is what the sources include, > an arrow of rooms.svg"

files=$(sed -n 's,.*<text class="file"[^>]*>\(.*\)</text>.*,\1,p' "$drawings/call.svg")
[ -n "$files" ] || complain "call.svg names no files"
for file in $files; do
    [ "$file" = ... ] || [ -n "$(find . -name "$file")" ] || complain "call.svg names $file, which is not there"
done
exit $bad
