# docs/pytorch.md: its C snippets compile, and print on every backend what the page says. Each snippet becomes a function; a comment
# behind // is a line that it prints. CTest gives the variables (CMakeLists.txt).
set -eu
rm -rf "$WORK_DIR"
mkdir -p "$WORK_DIR"
cd "$WORK_DIR"
page=$SOURCE_DIR/docs/pytorch.md

fail()
{
    echo "failed: $1" >&2
    exit 1
}

# Every row of the table has its section, and every section a snippet in each language.
awk '/^\| \[[0-9]+\]/ { sub(/^\| \[/, ""); sub(/\].*/, ""); print $0, "python c" }' "$page" >rows
awk '
    /^### / { if (number) print number, found; number = $2 + 0; found = "" }
    /^```(python|c)$/ && number { found = found (found ? " " : "") substr($0, 4) }
    /^## / { if (number) print number, found; number = 0 }' "$page" >sections
[ -s rows ] || fail "the table of docs/pytorch.md has no rows"
diff rows sections || fail "< is a row of the table, > a section with its snippets"

{
    printf '%s\n' '#include "snippet.h"' '#include <stdio.h>'
    awk '
        /^### / { number = $2 + 0 }
        /^```/ && inside { inside = 0; print "}\n"; next }
        /^```c$/ && number {
            inside = 1
            print "static void snippet_" number "(void)\n{\n    puts(\"== " number "\");\n#line " FNR + 1 " \"docs/pytorch.md\""
            next
        }
        inside' "$page"
    printf '%s\n' 'static void (*const snippets[])(void) = {'
    sed 's/ .*//; s/.*/    snippet_&,/' sections
    cat <<'EOS'
};

/* With an argument: lists the backends. */
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        for (const char *const *backend = xent_backends(); *backend != NULL; backend++) puts(*backend);
        return 0;
    }
    for (size_t i = 0; i < sizeof snippets / sizeof snippets[0]; i++) {
        snippets[i]();
        release();
    }
}
EOS
} >snippets.c
awk '
    /^### / { print "== " $2 + 0 }
    /^```/ { inside = $0 == "```c" }
    inside && match($0, /(^|  )\/\/ /) { print substr($0, RSTART + RLENGTH) }' "$page" >expected
awk '/^==/ { if (silent) print silent; silent = $2; next } { silent = 0 } END { if (silent) print silent }' expected >silent
[ ! -s silent ] || fail "these snippets print nothing: $(echo $(cat silent))"

"$CC" $CFLAGS -std=c11 -I"$SOURCE_DIR/include" -I"$SOURCE_DIR/docs/examples" snippets.c "$SOURCE_DIR/docs/examples/snippet.c" \
    "$LIBRARY" -lm -o snippets
export LD_LIBRARY_PATH="$(dirname "$LIBRARY")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
backends=$($EMULATOR ./snippets list)
[ -n "$backends" ] || fail "there are no backends"
for backend in $backends; do
    XENT_BACKEND=$backend $EMULATOR ./snippets >"printed.$backend"
    diff expected "printed.$backend" || fail "< is what docs/pytorch.md says, > what backend $backend prints"
done
echo "$(grep -c '^==' expected) snippets on: $(echo $backends)"
