# --plot: a drawing by gnuplot, of any numbers; a sentence where there is none.
. "$SOURCE_DIR/tests/tool/common.sh"
row() { printf '\000\000\200\077\000\000\000\100\000\000\000\300'; }
{ npy '<f4' '(2, 3, 3)' && row && row && row && row && row && row; } >z.npy
{ npy '|i1' '(2, 3)' && printf '\001\234\000\002\001\000'; } >t.npy
{ npy '|i1' '(2, 3)' && printf '\001\234\000\002\234\000'; } >position.npy # the second of which has no row
turned() { printf '\000\000\000\100\000\000\200\077\000\000\000\300'; }
{ npy '<f4' '(2, 3, 3)' && turned && turned && turned && turned && turned && turned; } >turned.npy

# shellcheck disable=SC2123
(
    tool=$(command -v "${EMULATOR%% *}" || echo "$TOOL")
    PATH=$WORK_DIR
    [ -z "$EMULATOR" ] || EMULATOR=$tool${EMULATOR#"${EMULATOR%% *}"}
    code=0
    xent eval z.npy t.npy --plot plot.svg >printed 2>message || code=$?
    echo $code >code
)
[ "$(cat code)" -eq 2 ] && [ ! -s printed ] && [ ! -e plot.svg ] || fail "without gnuplot it ends with $(cat code)"
grep -qx 'xent: --plot needs gnuplot, which cannot be run here: install it, or leave --plot out' message || fail "it says $(cat message)"

command -v gnuplot >/dev/null || { echo "skipped: there is no gnuplot here"; exit 77; }
drawn()
{
    xent "$@" --plot plot.svg >printed 2>message || fail "$* --plot ends with $?: $(cat message)"
    [ ! -s message ] || fail "$* --plot: $(cat message)"
    grep -q '</svg>' plot.svg && grep -q "$title" plot.svg && grep -q 'position in the sequence' plot.svg || fail "$*: no drawing"
    rm plot.svg
}
title='loss, nats' drawn eval z.npy t.npy
title='KL divergence, nats' drawn kl z.npy z.npy
{ npy '<f4' '(2, 3, 3)' && row && row && row && row && row && printf '\000\000\300\177\000\000\000\100\000\000\000\300'; } >nan.npy
title='KL divergence, nats' drawn kl z.npy nan.npy t.npy
title='loss, nats' drawn eval nan.npy t.npy
title='KL divergence, nats' drawn kl z.npy turned.npy
title='loss, nats' drawn eval z.npy position.npy
{ npy '<f4' '(1, 3)' && row; } >one.npy
{ npy '|i1' '(1,)' && zeros 1; } >s.npy
title='loss, nats' drawn eval one.npy s.npy
{ npy '<f4' '(3,)' && row; } >alone.npy
{ npy '|i1' '()' && zeros 1; } >a.npy
title='loss, nats' drawn eval alone.npy a.npy
{ npy '<f4' '(1, 3)' && printf '\000\000\300\177\000\000\000\100\000\000\000\300'; } >one.npy
refused 'plot.svg: no row has a finite number that could be drawn' eval one.npy s.npy --plot plot.svg --rows rows.csv
[ ! -e plot.svg ] && [ ! -e rows.csv ] || fail "what cannot be drawn leaves files"
refused 'none/plot.svg: No such file or directory' eval z.npy t.npy --plot none/plot.svg

# Descriptors that are closed do not become the pipe to gnuplot, or the drawing.
xent eval z.npy t.npy --plot plot.svg >printed <&- || fail "with standard input closed --plot ends with $?"
grep -q '</svg>' plot.svg || fail "with standard input closed nothing is drawn"
code=0
xent eval z.npy t.npy --plot plot.svg <&- >&- 2>&- || code=$?
[ $code -eq 2 ] && grep -q '</svg>' plot.svg || fail "with all descriptors closed it ends with $code, and draws $(cat plot.svg)"
rm plot.svg
# A disk that is full while gnuplot draws.
if [ -e /dev/full ]; then
    ln -s /dev/full full.svg
    refused 'full.svg: No space left on device' eval z.npy t.npy --plot full.svg
fi

# A gnuplot that fails is no drawing.
mkdir bin
PATH=$WORK_DIR/bin:$PATH
for end in 'exit 1' 'kill -9 $$'; do
    printf '#!/bin/sh\n[ "$1" = --version ] || %s\n' "$end" >bin/gnuplot
    chmod +x bin/gnuplot
    refused 'plot.svg: gnuplot could not draw it' eval z.npy t.npy --plot plot.svg
done
printf '#!/bin/sh\nexit 1\n' >bin/gnuplot
refused '--plot needs gnuplot, which cannot be run here: install it, or leave --plot out' eval z.npy t.npy --plot plot.svg
