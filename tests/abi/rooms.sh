# rooms.sh <source directory>
# Includes point one way: api -> core, dispatch -> kernels (docs/architecture.md).
set -eu
cd "$1/src"
status=0

# closed <room> <rooms it must not include, separated by |>
closed()
{
    [ -n "$(find "$1" -name '*.[ch]')" ] || { echo "src/$1 holds no C file"; status=1; }
    # By any spelling: "core/row.h", "../core/row.h", <core/row.h>.
    found=$(find "$1" -name '*.[ch]' -exec grep -HnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[\"<]([^\">]*/)?($2)/" {} + ||
        true)
    if [ -n "$found" ]; then
        echo "$found"
        echo "src/$1 must not include from $2"
        status=1
    fi
}

closed kernels 'core|api|dispatch'
closed dispatch 'core|api'
closed core 'api|dispatch'
for file in *.[ch]; do
    [ ! -e "$file" ] || { echo "src/$file stands in no room"; status=1; }
done
exit $status
