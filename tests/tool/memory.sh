# A file of 5 GB within 600 MB of address space: the file is mapped in windows. A row alone, or an order that spreads it over the whole
# file, needs more, and where that cannot be had a sentence says so.
. "$SOURCE_DIR/tests/tool/common.sh"

# limited <KiB of address space> <argument>...
limited()
{
    limited_size=$1
    shift
    # shellcheck disable=SC3045
    (ulimit -v "$limited_size" && xent "$@")
}
# An emulator or a sanitizer takes more than that by itself.
limited 600000 --version >/dev/null 2>&1 || { echo "skipped: the program does not start in 600 MB here"; exit 77; }
truncate -s 5G large 2>/dev/null || { echo "skipped: there are no files of 5 GB here"; exit 77; }

# sparse <header> <bytes of data>
sparse()
{
    npy_header "$1" >z.npy
    truncate -s $(($(wc -c <z.npy) + $2)) z.npy
}
rows=10000 classes=131072
sparse "{'descr': '<f4', 'fortran_order': False, 'shape': ($rows, $classes), }" $((rows * classes * 4))
[ "$(wc -c <z.npy)" -gt 5000000000 ] || fail "the file has $(wc -c <z.npy) bytes"
{ npy '|u1' "($rows,)" && zeros $rows; } >t.npy
limited 600000 eval z.npy t.npy --json >printed || fail "5 GB do not fit 600 MB"
grep -q "\"rows\": $rows," printed && grep -q '"loss": 11.7835' printed || fail "it prints $(cat printed)"
limited 600000 diff z.npy z.npy >printed || fail "two times 5 GB do not fit 600 MB"
grep -q '^different *0$' printed || fail "it prints $(cat printed)"

sparse "{'descr': '<f4', 'fortran_order': True, 'shape': ($rows, $classes), }" $((rows * classes * 4))
code=0
limited 600000 eval z.npy t.npy 2>message || code=$?
[ $code -eq 2 ] && grep -q '^xent: z.npy: 52[0-9]* bytes of it cannot be mapped: Cannot allocate memory$' message ||
    fail "rows that lie all over 5 GB: $code, $(cat message)"

# A header can ask for much more memory than it has bytes.
nested=$(yes '[],' | head -n 1000000 | tr -d '\n')
{ little 8 $((${#nested} + 9)) && printf '{"a":[%s0]}' "$nested"; } >nested.safetensors
code=0
limited 130000 eval nested.safetensors t.npy 2>message || code=$?
[ $code -eq 2 ] && grep -qx 'xent: nested.safetensors: has a header that takes more memory than there is' message ||
    fail "a million arrays in a header: $code, $(cat message)"

# A number for each row needs memory too.
npy '<f2' '(400000000, 1)' >z.npy
truncate -s $(($(wc -c <z.npy) + 800000000)) z.npy
code=0
limited 600000 kl z.npy z.npy 2>message || code=$?
[ $code -eq 2 ] && grep -qx 'xent: out of memory: 400000000 elements of 8 bytes cannot be had' message || fail "400 million rows: $code, $(cat message)"
