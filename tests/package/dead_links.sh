#!/bin/sh
# sh tests/package/dead_links.sh <directory>
# No link of a document in there leads to a file that is not there.
set -eu
cd "$1"
[ -n "$(find . -name '*.md')" ] || { echo "there are no documents in $1"; exit 1; }
dead=0
for document in $(find . -name '*.md'); do
    for target in $(grep -o '\]([^)]*)' "$document" | sed 's/^](//; s/)$//; s/#.*//' | grep -Ev '^[a-z]+:'); do
        [ -e "$(dirname "$document")/$target" ] || { echo "$document links to $target, which is not there"; dead=1; }
    done
done
exit $dead
