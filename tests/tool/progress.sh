# Progress: on a terminal alone, and not with --quiet.
. "$SOURCE_DIR/tests/tool/common.sh"
{ npy '<f4' '(4, 3)' && zeros 48; } >z.npy
{ npy '|u1' '(4,)' && zeros 4; } >t.npy
xent eval z.npy t.npy 2>message >printed
[ ! -s message ] || fail "there is progress where there is no terminal: $(cat message)"
script --version >/dev/null 2>&1 || { echo "skipped: there is no script(1) of util-linux here"; exit 77; }

# terminal <argument>...: what a terminal sees of standard error
terminal()
{
    script -qec "$EMULATOR '$TOOL' $* >/dev/null" /dev/null </dev/null >seen || fail "on a terminal $* fails"
}
terminal eval z.npy t.npy --block 2
grep -q '2 of 4 rows, .* rows/s, 0:00 left, loss 1\.0986' seen || fail "a terminal sees $(cat seen)"
# The average is of the rows that count; of none it is 0.
{ npy '|i1' '(4,)' && printf '\234\234\000\000'; } >later.npy
terminal eval z.npy later.npy --block 2
grep -q '2 of 4 rows, .* left, loss 0\.0000' seen || fail "a terminal sees $(cat seen)"
terminal kl z.npy z.npy --block 2
grep -q '2 of 4 rows, .* rows/s, 0:00 left, KL 0\.0000' seen || fail "a terminal sees $(cat seen)"
# What goes wrong later is said on a line of its own.
row() { printf '\000\000\000\070\000\000\000\300\001\000\002\000\003\000\000\000'; }
{ printf '_logits_' && little 4 6 && little 4 3 && little 4 1 && zeros 24 && row && printf '\000\000\300\177' && zeros 12; } >base
code=0
script -qec "$EMULATOR '$TOOL' eval base --block 1 >/dev/null" /dev/null </dev/null >seen || code=$?
[ $code -eq 2 ] || fail "a base file with a bad row ends with $code"
cr=$(printf '\r') erase=$(printf '\033\\[K')
grep -q "1 of 2 rows.*$cr${erase}xent: base: row 1 has the scale nan" seen || fail "a terminal sees $(cat -v seen)"
terminal eval z.npy t.npy --quiet
[ ! -s seen ] || fail "--quiet is not quiet: $(cat seen)"
