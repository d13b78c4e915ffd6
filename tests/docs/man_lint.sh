# docs/man: mandoc has nothing to say of the pages, nor have groff and man where they are here, and what they render shows each example
# to the letter. CTest gives SOURCE_DIR and WORK_DIR (CMakeLists.txt). Exit code 77: no mandoc.
set -eu
tests=$(cd "$(dirname "$0")" && pwd)
command -v mandoc >/dev/null || { echo "skipped: there is no mandoc here"; exit 77; }
rm -rf "$WORK_DIR"
mkdir -p "$WORK_DIR"
cd "$SOURCE_DIR/docs/man" # cross-references are looked up in the current directory
export LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80
bad=0

# check <tool> <command>...: which has to succeed and to print nothing
check()
{
    check_tool=$1
    shift
    "$@" >"$WORK_DIR/messages" 2>&1 || { echo "$page: $check_tool fails" >&2; bad=1; }
    [ ! -s "$WORK_DIR/messages" ] || { sed "s,^,$check_tool: ," "$WORK_DIR/messages" >&2; bad=1; }
}

# shows <tool>: the standard input, the rendered page, has the lines of `example` one after the other
shows()
{
    sed "s/.$(printf '\b')//g; s/^     //" | awk '
        NR == FNR { want[++lines] = $0; next }
        { found[FNR] = $0 }
        END {
            for (start = 0; start + lines <= FNR; start++) {
                for (i = 1; i <= lines && found[start + i] == want[i]; i++);
                if (i > lines) exit 0
            }
            exit 1
        }' "$WORK_DIR/example" - || { echo "$page: $1 does not show the example as it is" >&2; bad=1; }
}

for page in *.1 *.3; do
    awk -v wanted=1 -f "$tests/man_example.awk" "$page" >"$WORK_DIR/example"
    check mandoc mandoc -T lint -W style "$page" # below that are the conventions of BSD's own pages
    mandoc -T utf8 "$page" | shows mandoc
    if command -v groff >/dev/null; then
        check groff groff -mandoc -Tutf8 -ww -z "$page"
    fi
    # mandoc may be the system's man, too, which has not these options.
    if man --version 2>/dev/null | grep -q '^man '; then
        check man sh -c 'man --warnings -E UTF-8 -l -Tutf8 -Z "$1" >/dev/null' sh "$page"
        man -E UTF-8 -l -P cat "$page" >"$WORK_DIR/rendered"
        shows man <"$WORK_DIR/rendered"
        # Header and footer, where groff would say BSD.
        for line in 1 '$'; do
            sed -n "${line}p" "$WORK_DIR/rendered" | grep -q libxent || { echo "$page: not libxent's by its line $line" >&2; bad=1; }
        done
    fi
done
[ $bad -ne 0 ] || echo "$(ls ./*.[13] | wc -l) pages"
exit $bad
