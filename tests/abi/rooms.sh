# rooms.sh <source directory>
# Includes point one way, down the list below (docs/architecture.md): a room may include itself and what its line names. No file
# includes itself by way of others. Every file says in its first line what it is.
set -eu
cd "$1/src"
status=0

# The rooms, each after all that it may include.
allowed()
{
    case $1 in
    kernels) echo ;;
    mpi) echo ;;
    system) echo ;;
    dispatch) echo kernels system ;;
    args) echo kernels ;;
    rows) echo args kernels ;;
    run) echo rows args dispatch kernels system ;;
    ops) echo run rows args kernels ;;
    api) echo ops run rows args dispatch kernels ;;
    tool) echo ;; # a program, which has xent.h as any other
    blas | dnnl) echo ;; # libraries of their own, which have xent.h as any program
    *) echo "src/$1 is no room of docs/architecture.md" >&2; return 1 ;;
    esac
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# "<file> <included file>" for every include of a file of ours, by any spelling: "rows/row.h", "../rows/row.h", <rows/row.h>, or the
# name alone within a room.
find . -name '*.[ch]' | sed 's#^\./##' | sort >"$work/files"
while read -r file; do
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^">]*\)[">].*/\1/p' "$file" | while read -r included; do
        included=$(printf '%s\n' "$included" | sed 's#^\(\.\./\)*##')
        case $included in
        */*) ;;
        *) included=${file%/*}/$included ;;
        esac
        if [ -e "$included" ]; then echo "$file $included"; fi
    done
done <"$work/files" >"$work/includes"
[ "$(wc -l <"$work/includes")" -gt 50 ] || { echo "the includes were not understood"; exit 1; }

while read -r file included; do
    room=${file%%/*} other=${included%%/*}
    [ "$room" = "$other" ] && continue
    case " $(allowed "$room") " in
    *" $other "*) ;;
    *) echo "src/$file includes $included: $room must not include from $other"; status=1 ;;
    esac
done <"$work/includes"

if ! tsort "$work/includes" >"$work/order" 2>"$work/circles"; then
    echo "these files include each other in a circle:"
    cat "$work/circles"
    status=1
fi

while read -r file; do
    case $file in
    */*) allowed "${file%%/*}" >"$work/rooms" || status=1 ;;
    *) echo "src/$file stands in no room"; status=1 ;;
    esac
    case $(sed -n 1p "$file") in
    "/* "*) ;;
    *) echo "src/$file does not begin with what it is"; status=1 ;;
    esac
done <"$work/files"
exit $status
