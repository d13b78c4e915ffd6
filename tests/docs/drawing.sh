# docs/architecture: the drawing of the rooms has every room under src/, and no room includes from one that it does not have below;
# the rooms and files that the drawing of a call names are there. CTest gives the variables (CMakeLists.txt).
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
done
printf '%s\n' $rooms | diff - "$WORK_DIR/rooms" >&2 || complain "< is a room under src, > one of rooms.svg"
while read -r room; do
    [ -d "$room" ] || complain "call.svg names the room $room, which is not there"
done <"$WORK_DIR/call"

# "<room> <how far down it begins>" in the drawing of the rooms.
sed -n 's,.*<text class="name" x="[0-9]*" y="\([0-9]*\)">\([a-z]*\)/</text>.*,\2 \1,p' "$drawings/rooms.svg" >"$WORK_DIR/heights"
height()
{
    sed -n "s/^$1 //p" "$WORK_DIR/heights"
}

for room in $rooms; do
    find "$room" -name '*.[ch]' -exec sed -n 's,^ *# *include "\(.*\)/.*".*,\1,p' {} + | sort -u | sed "s/^/$room /"
done | awk '$1 != $2' >"$WORK_DIR/includes"
[ -s "$WORK_DIR/includes" ] || complain "no room includes from another"
while read -r room other; do
    [ "$(height "$room")" -lt "$(height "$other")" ] || complain "$room includes from $other, which rooms.svg does not have below it"
done <"$WORK_DIR/includes"

files=$(sed -n 's,.*<text class="file"[^>]*>\(.*\)</text>.*,\1,p' "$drawings/call.svg")
[ -n "$files" ] || complain "call.svg names no files"
for file in $files; do
    [ "$file" = ... ] || [ -n "$(find . -name "$file")" ] || complain "call.svg names $file, which is not there"
done
exit $bad
