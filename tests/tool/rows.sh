# --rows: a line for each row, .csv, .json and .npy, ignored rows among them; all or nothing.
. "$SOURCE_DIR/tests/tool/common.sh"
row() { printf '\000\000\200\077\000\000\000\100\000\000\000\300'; }
{ npy '<f4' '(2, 2, 3)' && row && row && row && row; } >z.npy
{ npy '|i1' '(2, 2)' && printf '\001\234\000\002'; } >t.npy


xent eval z.npy t.npy --rows rows.csv >printed
sed 's/\(,[0-9]*\)\.[0-9e-]*/\1/g' rows.csv >found
cat >expected <<EOS
row,target,loss,rank,entropy
0,1,0,0,0
1,,,,
2,0,1,1,0
3,2,4,2,0
EOS
diff expected found || fail "< is expected, > is in the .csv file"

xent eval z.npy t.npy --rows rows.json >again
diff printed again || fail "--rows changes what is printed"
sed 's/\(: [0-9]*\)\.[0-9e-]*/\1/g' rows.json >found
cat >expected <<EOS
[
{"row": 0, "target": 1, "loss": 0, "rank": 0, "entropy": 0},
{"row": 1, "target": null, "loss": null, "rank": null, "entropy": null},
{"row": 2, "target": 0, "loss": 1, "rank": 1, "entropy": 0},
{"row": 3, "target": 2, "loss": 4, "rank": 2, "entropy": 0}
]
EOS
diff expected found || fail "< is expected, > is in the .json file"

# The files have all digits: the same number, and what diff reads of it.
xent eval z.npy t.npy --rows rows.npy >/dev/null
xent diff rows.npy rows.npy --json | grep -q '"elements": 4' || fail "the .npy file is not read back"
xent kl z.npy z.npy t.npy --rows kl.csv >/dev/null
[ "$(sed -n 1p kl.csv)" = row,kl,top_base,top,target,loss_base,loss,dp ] || fail "kl with targets has the columns $(sed -n 1p kl.csv)"
[ "$(sed -n 3p kl.csv)" = 1,,,,,,, ] || fail "an ignored row is $(sed -n 3p kl.csv)"
xent kl z.npy z.npy --rows kl.csv >/dev/null
[ "$(sed -n '1p;3p' kl.csv | tr '\n' ' ')" = 'row,kl,top_base,top 1,0,1,1 ' ] || fail "kl without targets has $(cat kl.csv)"
{ npy '<f4' '(2, 2, 3)' && row && row && row && printf '\000\000\200\177\000\000\000\100\000\000\000\300'; } >infinite.npy
xent kl z.npy infinite.npy t.npy --rows kl.csv >printed
grep -q '^3,nan,.*,nan$' kl.csv || fail "a row with an infinite logit is $(sed -n 5p kl.csv)"
! grep -q -e -nan kl.csv printed || fail "NaN has a sign"
xent kl z.npy infinite.npy t.npy --rows kl.json >/dev/null
grep -q '^{"row": 3, "kl": null, .*, "dp": null}$' kl.json || fail "a row with an infinite logit is $(grep '"row": 3' kl.json)"
xent kl z.npy z.npy --rows kl.json >/dev/null
grep -qx '{"row": 1, "kl": 0, "top_base": 1, "top": 1},' kl.json || fail "kl without targets has $(cat kl.json)"
if [ "$python" != none ]; then
    "$python" - <<EOS || fail "the files do not have the same numbers"
import csv, json
import numpy as np
rows = np.load("rows.npy")
table = [float(row["loss"] or "nan") for row in csv.DictReader(open("rows.csv"))]
parsed = [float("nan") if row["loss"] is None else row["loss"] for row in json.load(open("rows.json"))]
assert rows.shape == (2, 2) and rows.dtype == np.float64 and np.isnan(rows[0, 1])
assert np.array_equal(rows.reshape(-1), table, equal_nan=True) and np.array_equal(table, parsed, equal_nan=True)
EOS
fi

echo "== all or nothing"
refused 'z.npy: is to be read, and would be overwritten' eval z.npy t.npy --rows z.npy
refused 't.npy: is to be read, and would be overwritten' kl z.npy z.npy t.npy --rows ./t.npy
cp rows.csv before.csv
{ npy '|u1' '(2, 2)' && printf '\001\003\000\002'; } >bad.npy
refused 'bad.npy: target.*' eval z.npy bad.npy --rows rows.csv --plot plot.svg
cmp rows.csv before.csv || fail "a call that fails has written a file"
[ ! -e plot.svg ] || fail "a call that fails has drawn a file"
echo "== what cannot be written is found out first"
refused 'none/rows.csv: No such file or directory' eval none.npy t.npy --rows none/rows.csv
refused 'none/plot.svg: No such file or directory' kl none.npy z.npy --plot none/plot.svg
refused 'z.npy/rows.csv: Not a directory' eval none.npy t.npy --rows z.npy/rows.csv
mkdir directory.csv closed
refused 'directory.csv: Is a directory' eval none.npy t.npy --rows directory.csv
ln -s loop.csv loop.csv
refused 'loop.csv: Too many levels of symbolic links' eval none.npy t.npy --rows loop.csv
ln -s new.csv link.csv
xent eval z.npy t.npy --rows link.csv >/dev/null
cmp new.csv before.csv || fail "a link to nowhere is not followed"
if [ "$(id -u)" -ne 0 ]; then
    chmod 0500 closed
    refused 'closed/rows.csv: Permission denied' eval none.npy t.npy --rows closed/rows.csv
    chmod 0400 before.csv
    refused 'before.csv: Permission denied' eval none.npy t.npy --rows before.csv
fi
if [ -e /dev/full ]; then
    ln -s /dev/full full.csv
    refused 'full.csv: No space left on device' eval z.npy t.npy --rows full.csv
fi
