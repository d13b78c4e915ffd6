# The command line: help and version, what is refused, where results go.
. "$SOURCE_DIR/tests/tool/common.sh"
{ npy '<f4' '(1, 2)' && zeros 8; } >z.npy
{ npy '|u1' '(1,)' && zeros 1; } >t.npy

xent --help >help 2>message || fail "--help fails"
[ ! -s message ] && grep -q '^usage: xent eval' help || fail "--help says nothing of usage on standard output"
xent eval --help | diff help - || fail "eval --help is another"
xent -h | diff help - || fail "-h is another"
[ "$(xent --version | sed -n 1p)" = "xent $VERSION" ] || fail "--version says $(xent --version)"
xent -V >/dev/null || fail "-V fails"
widest=$(awk 'length > widest { widest = length } END { print widest }' help)
[ "$widest" -lt 80 ] || fail "--help has lines of $widest columns, which a terminal breaks"
# --help names every option, and every option that it names is there.
sed -n 's/^  \(--[a-z-]*\).*/\1/p' help | sort >named
for option in axis ignore-index scale softcap as shift by-sequence bytes rows plot json threads block quiet help; do
    echo "--$option"
done | sort >expected
diff expected named || fail "< is an option, > one of --help"

refused 'a command is missing: eval, kl or diff'
refused "'evaluate' is no command, expected eval, kl or diff" evaluate z.npy
refused 'eval takes 1 or 2 files, not 0' eval
refused 'eval takes 1 or 2 files, not 3' eval a b c
refused 'kl takes 2 or 3 files, not 1' kl a
refused 'kl takes 2 or 3 files, not 4' kl a b c d
refused 'diff takes 2 files, not 3' diff a b c
refused '--none is no option, or the beginning of several' eval z.npy --none t.npy
refused '-x is no option' eval z.npy -x t.npy
refused '-x is no option' eval z.npy --json -xh
refused '-h and -V are the only options of one letter' eval z.npy -é
refused '-h and -V are the only options of one letter' eval z.npy '- '
refused '--s is no option, or the beginning of several' eval z.npy --s
refused '--axis needs a value' eval z.npy --axis
refused '--json=1: this option takes no value' eval z.npy --json=1
refused '--help=1: this option takes no value' --help=1
refused '--shift means nothing to diff' diff z.npy z.npy --shift
refused '--threads means nothing to diff' diff --threads 1 z.npy z.npy
for value in '' x 1x 8 -9 99999999999; do
    refused "--axis takes a whole number from -8 to 7, not '$value'" eval z.npy t.npy --axis "$value"
done
refused "--ignore-index takes a whole number from .*, not '9223372036854775808'" eval z.npy t.npy --ignore-index 9223372036854775808
for value in 0 -1 nan inf 1e31 x 1x ''; do
    refused "--scale takes a number from 1e-30 to 1e30, not '$value'" eval z.npy t.npy --scale "$value"
    refused "--softcap takes a number from 1e-30 to 1e30, not '$value'" kl z.npy z.npy --softcap "$value"
done
refused "--as takes bf16 or f16, not 'f32'" eval z.npy t.npy --as f32
refused "--bytes takes a whole number from 1 to .*, not '0'" eval z.npy t.npy --bytes 0
refused "--block takes a whole number from 1 to .*, not '0'" eval z.npy t.npy --block 0
refused "--threads takes a whole number from 1 to 4096, not '4097'" eval z.npy t.npy --threads 4097
for name in rows rows.txt .csv; do
    refused "--rows takes a file whose name ends with .csv, .json or .npy, not '$name'" eval z.npy t.npy --rows $name
done
refused "--plot takes a file whose name ends with .svg, not 'plot.png'" eval z.npy t.npy --plot plot.png

# A minus as a file is a file.
cp z.npy ./-z.npy
xent eval ./-z.npy t.npy >expected
xent eval -- -z.npy t.npy | diff expected - || fail "-- does not end the options"
xent eval --ignore-index -1 z.npy t.npy | diff expected - || fail "a negative number is no option"
xent eval z.npy --axis=-1 t.npy | diff expected - || fail "options may stand between files"
export XENT_BACKEND=none
refused '.*XENT_BACKEND.*' eval z.npy t.npy
unset XENT_BACKEND
xent eval /dev/stdin t.npy <z.npy | diff expected - || fail "standard input is no file where it is one"

# Numbers have points, wherever it is run.
LC_ALL=$(locale -a 2>/dev/null | grep -m 1 -i '^de_' || echo C) xent eval z.npy t.npy | diff expected - || fail "a locale changes numbers"

# NaN has no sign: that which arithmetic gives it is another one on another processor.
grep -qx 'loss .* +- nan nats' expected || fail "the error of one row is not printed as nan: $(cat expected)"

# Nobody reads on: that is quiet. Nothing can be written: that is not.
(
    trap - PIPE
    set +e
    { xent --help; echo $? >code; } 2>message | true
)
[ ! -s message ] || fail "a pipe that nobody reads is no error: $(cat message)"
if [ -e /dev/full ]; then
    code=0
    xent eval z.npy t.npy >/dev/full 2>message || code=$?
    [ $code -eq 2 ] && grep -qx 'xent: standard output: No space left on device' message || fail "/dev/full: $code, $(cat message)"
    code=0
    xent --help >/dev/full 2>message || code=$?
    [ $code -eq 2 ] || fail "--help to /dev/full: $code"
fi

code=0
xent eval z.npy t.npy >&- 2>message || code=$?
[ $code -eq 2 ] && grep -qx 'xent: standard output: Bad file descriptor' message || fail "standard output closed: $code, $(cat message)"
code=0
xent eval z.npy t.npy --rows none/rows.csv 2>&- || code=$?
[ $code -eq 2 ] || fail "standard error closed: $code"

# diff: 0 and 1.
xent diff z.npy z.npy >/dev/null || fail "diff of a file and itself ends with $?"
{ npy '<f4' '(1, 2)' && zeros 7 && printf '\100'; } >y.npy
code=0
xent diff z.npy y.npy >/dev/null || code=$?
[ $code -eq 1 ] || fail "diff of two files ends with $code"
echo "$(wc -l <refusals) command lines are refused"
