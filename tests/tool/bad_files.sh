# Whatever a file holds that cannot be: one sentence that names the file, what was found and what was expected, exit code 2.
. "$SOURCE_DIR/tests/tool/common.sh"

# Two rows of three classes, and their targets.
data3=$(printf '\\000\\000\\200\\077%.0s' 1 2 3)
data6=$(printf '\\000\\000\\200\\077%.0s' 1 2 3 4 5 6)
# shellcheck disable=SC2059
floats() { printf "$data6"; }
{ npy '<f4' '(2, 3)' && floats; } >good.npy
{ npy '|u1' '(2,)' && printf '\001\002'; } >t.npy
xent eval good.npy t.npy >printed || fail "the good file is refused"
xent eval -- good.npy t.npy | diff printed - || fail "-- changes something"

echo "== what is no file of logits"
refused 'none.npy: No such file or directory' eval none.npy t.npy
mkdir directory
refused 'directory: is a directory, expected a regular file' eval directory t.npy
mkfifo pipe
refused 'pipe: is a pipe, expected a regular file' eval pipe t.npy
refused '/dev/null: is a device, expected a regular file' eval /dev/null t.npy
: >empty.npy
refused 'empty.npy: is empty' eval empty.npy t.npy
for text in hello 'hello, world'; do
    echo "$text" >text
    refused 'text: is neither a .npy file, nor a .safetensors file, nor a KLD base file of llama.cpp' eval text t.npy
done
refused 'good.npy: is no .safetensors file, and has no tensor .x.' eval good.npy:x t.npy
# What a terminal would obey is not printed; what only begins like it is.
refused "$(printf 'a?\302a\302\240'): No such file or directory" eval "$(printf 'a\177\302a\302\240')" t.npy
if [ "$(id -u)" -ne 0 ]; then
    cp good.npy closed.npy
    chmod 0 closed.npy
    refused 'closed.npy: Permission denied' eval closed.npy t.npy
fi

# bad <sentence>: standard input is a file, bad
bad()
{
    cat >bad
    refused "bad: $1" eval bad t.npy
}

echo "== .npy"
printf '\223NUMPY\001' | bad 'ends after 7 bytes, inside the header of a .npy file'
printf '\223NUMPY\002\000\020\000' | bad 'ends after 10 bytes, inside the header of a .npy file'
printf '\223NUMPY\004\000\020\000    ' | bad 'has version 4 of the .npy format, expected 1 to 3'
printf '\223NUMPY\001\000\020\000    ' | bad 'has 14 bytes, fewer than the 26 of its header'
printf '\223NUMPY\002\000\001\000\020\000   ' | bad 'has a header of 1048577 bytes, expected at most 1048576'
{
    printf '\223NUMPY\002\000\000\000\020\000'
    printf '%-1048576s' "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"
    floats
} >longest.npy
xent eval good.npy t.npy >expected
xent eval longest.npy t.npy | diff expected - || fail "a header of 1048576 bytes changes something"
header()
{
    { npy_header "$2" && floats; } | bad "$1"
}
header 'has a header that is no dictionary' 'x'
header 'has a header that is no dictionary of three keys' "{'descr' '<f4'}"
header 'has a header that is no dictionary of three keys' "{'descr': '<f4' 'shape': (2, 3)}"
header 'has a header that is no dictionary of three keys' "{'a\\\\x': 1}"
header "has a header with the unknown key 'order'" "{'order': 1}"
header "has a header with the key 'shape' twice" "{'shape': (6,), 'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}"
header 'has a header that is not a dictionary of descr, fortran_order and shape alone' "{'descr': '<f4', 'shape': (2, 3)}"
header 'has a header that is not a dictionary of descr, fortran_order and shape alone' \
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x"
header 'has elements with parts, expected numbers' "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}"
for descr in '<c8' '|O' '<U3' '|b1' '=f4' '<f16' ''; do
    header "has elements of type '$descr', expected floating-point numbers or integers of up to 64 bits" \
        "{'descr': '$descr', 'fortran_order': False, 'shape': (2, 3)}"
done
header "has elements of type '>f4', big-endian, expected little-endian" "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}"
# NUL ends a string of C, and no string of a file.
with_nul()
{
    # shellcheck disable=SC2059
    { printf '\223NUMPY\001\000' && little 2 $2 && printf "$3" && floats; } | bad "$1"
}
with_nul 'has elements with parts, expected numbers' 58 "{'descr': '<f4\\000', 'fortran_order': False, 'shape': (2, 3)}"
with_nul 'has a header that is no dictionary of three keys' 58 "{'descr\\000': '<f4', 'fortran_order': False, 'shape': (2, 3)}"
header 'has a fortran_order that is neither True nor False' "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}"
shape()
{
    header "$1" "{'descr': '<f4', 'fortran_order': False, 'shape': $2}"
}
shape 'has no tuple for its shape' '6'
for text in '(6)' '(2, -3)' '(02, 3)' '(2, 3' '(2 3)' '(2,, 3)' '(99999999999999999999, 3)' '(,)'; do
    shape 'has a shape that is no tuple of whole numbers up to 2^63' "$text"
done
shape 'has more than 8 dimensions' '(1, 1, 1, 1, 1, 1, 1, 2, 3)'
shape 'shape (4611686018427387904, 3) has more elements than a file can hold' '(4611686018427387904, 3)'
shape 'has 24 bytes of data, expected 28 for the shape (7, 1) of F32' '(7, 1)'
shape 'has 24 bytes of data, expected 20 for the shape (5,) of F32' '(5,)'
shape 'has 24 bytes of data, expected 4 for the shape () of F32' '()'
shape 'has 24 bytes of data, expected 0 for the shape (0, 1152921504606846976) of F32' '(0, 1152921504606846976)'
npy '<f4' '(0, 3)' | bad 'has no rows'
npy '<f4' '(2, 0)' | bad 'has the shape (2, 0), without classes'
{ npy '<f4' '()' && printf 1234; } | bad 'has the shape (), which has no axis -1 for the classes'
{ npy '<i4' '(2, 3)' && floats; } | bad 'has elements of type I32, expected logits of F32, F64, F16 or BF16'
{ npy '|V2' '(2, 3)' && zeros 11; } | bad 'has 11 bytes of data, expected 12 for the shape (2, 3) of 16-bit words'
{ npy '|V2' '(2, 3)' && zeros 12; } >words.npy
refused 'words.npy: has 16-bit words of a type that the file does not tell: say --as bf16 or --as f16' eval words.npy t.npy
refused 'words.npy: has targets of type unknown, expected integers' eval good.npy words.npy
refused 'words.npy: has 16-bit words of a type that the file does not tell: say --as bf16 or --as f16' diff words.npy words.npy
refused 'good.npy: has the shape (2, 3), which has no axis 2 for the classes' eval good.npy t.npy --axis 2
refused 'good.npy: has the shape (2, 3), which has no axis -3 for the classes' eval good.npy t.npy --axis -3

echo "== targets"
refused 'good.npy: has no targets beside its logits: name a file of targets behind it' eval good.npy
refused 'good.npy: has no targets beside its logits: name a file of targets behind it' kl good.npy good.npy --shift
refused 'good.npy: has targets of type F32, expected integers' eval good.npy good.npy
targets()
{
    cat >bad
    refused "bad: $1" eval good.npy bad
}
{ npy '|u1' '(3,)' && printf 123; } | targets 'has targets of the shape (3,), expected (2,), that of good.npy without its classes'
{ npy '|u1' '(2, 1)' && printf 12; } | targets 'has targets of the shape (2, 1), expected (2,), that of good.npy without its classes'
{ npy '|u1' '(2,)' && printf '\001\003'; } |
    targets 'target\[1\] is 3, expected a class from 0 to 2, or -100 for a row that is ignored'
{ npy '|i1' '(2,)' && printf '\377\001'; } |
    targets 'target\[0\] is -1, expected a class from 0 to 2, or -100 for a row that is ignored'
{ npy '|i1' '(2,)' && printf '\234\234'; } | targets 'has no target that counts'
{ npy '<u8' '(2,)' && printf '\377\377\377\377\377\377\377\377' && zeros 8; } | targets 'has a target of 2^63 or more'
{ npy '<f4' '(1, 2, 3)' && floats; } >batch.npy
{ npy '|u1' '(1, 2)' && printf '\001\003'; } >bad
refused 'bad: target\[0\]\[1\] is 3, expected a class from 0 to 2, or -7 for a row that is ignored' eval batch.npy bad --ignore-index -7
refused 'bad: target\[0\]\[1\] is 3, expected a class from 0 to 2, or -100 for a row that is ignored' eval batch.npy bad --shift
{ npy '<f4' '(3,)' && printf "$data3"; } >row.npy
{ npy '|u1' '()' && printf '\001'; } >bad
xent eval row.npy bad --json | grep -q '"rows": 1' || fail "a row alone is refused"
refused 'bad: has no target that counts' eval row.npy bad --shift

echo "== names that a terminal would obey"
# Controls of ASCII and, by two bytes each, of ISO 8859: the first and the last of them. What comes behind these is a space.
controls=$(printf 'a\033b\302\200c\302\237d\177e\302\240f')
refused "a?b??c??d?e$(printf '\302\240')f: No such file or directory" eval "$controls" t.npy

echo "== kl and diff"
refused 'batch.npy: has rows of the shape (1, 2) with 3 classes, expected (2,) with 3, as good.npy has' kl good.npy batch.npy
{ npy '<f4' '(3, 2)' && floats; } >other.npy
refused 'other.npy: has rows of the shape (3,) with 2 classes, expected (2,) with 3, as good.npy has' kl good.npy other.npy
refused '--bytes needs targets, and there are none' kl good.npy good.npy --bytes 3
refused 'good.npy: has rows of the shape (2,), and --by-sequence is for (sequences, positions)' eval good.npy t.npy --by-sequence
refused 'other.npy: has the shape (3, 2), expected (2, 3), that of good.npy' diff good.npy other.npy
{ npy '<i4' '(2, 3)' && floats; } >other.npy
refused 'other.npy: has elements of type I32, expected F32, as good.npy has' diff good.npy other.npy
npy '<f4' '(2, 0)' >none.npy
refused 'none.npy: has no elements' diff none.npy none.npy

echo "== KLD base files"
base_header()
{
    printf '_logits_'
    little 4 "$1"
    little 4 "$2"
    little 4 "$3"
}
row()
{
    printf '\000\000\000\070\000\000\000\300\001\000\002\000\003\000\000\000'
}
printf '_logits_123' | bad 'ends after 11 bytes, inside the header of a KLD base file'
base_header 2 3 1 | bad 'has a context of 2 tokens, 3 classes and 1 chunks, expected at least 3, 1 and 1'
base_header 4 -3 1 | bad 'has a context of 4 tokens, -3 classes and 1 chunks, expected at least 3, 1 and 1'
base_header 4 3 0 | bad 'has a context of 4 tokens, 3 classes and 0 chunks, expected at least 3, 1 and 1'
{ base_header 4 3 1 && zeros 16 && row; } >base
xent eval base >printed || fail "a base file of one row is refused"
xent eval base --json | grep -q '"lossy_base": true' || fail "JSON does not say that the base is lossy"
head -c 51 base | bad 'has 51 bytes, expected 36 of header and tokens and 1 rows of 16 bytes'
{ cat base && printf x; } | bad 'has 53 bytes, expected 36 of header and tokens and 1 rows of 16 bytes'
base_header 2147483647 2147483647 2147483647 |
    bad 'has 20 bytes, expected 18446744056529682456 of header and tokens and 2305843005992468481 rows of 4294967304 bytes'
{ base_header 4 3 1 && zeros 16 && printf '\000\000\300\177' && zeros 12; } >bad
refused 'bad: row 0 has the scale nan and the smallest log-probability 0, expected finite ones' eval bad
{ base_header 4 3 1 && zeros 16 && zeros 4 && printf '\000\000\200\377' && zeros 8; } >bad
refused 'bad: row 0 has the scale 0 and the smallest log-probability -inf, expected finite ones' eval bad
{ base_header 4 3 1 && zeros 16 && zeros 4 && printf '\000\000\240\100' && zeros 8; } >bad
refused 'bad: row 0 has log-probabilities up to 5, expected none above 0' eval bad
refused 't.npy: has targets of the shape (2,), expected (1, 1), that of base without its classes' eval base t.npy
{ base_header 4 3 1 && printf '\000\000\000\000\000\000\000\000\000\000\000\000\003\000\000\000' && row; } >bad
refused 'bad: target\[0\]\[0\] is 3, expected a class from 0 to 2, or -100 for a row that is ignored' eval bad
refused 'base: has log-probabilities, not logits: --scale and --softcap cannot be undone in them' eval base --scale 2
refused 'base: has log-probabilities, not logits: --scale and --softcap cannot be undone in them' kl base good.npy --softcap 2
refused 'base: is a KLD base file, which can only stand first' kl base base
refused 'base: is a KLD base file, and diff compares arrays' diff base base
refused 'base: is a KLD base file, expected an array of targets' eval good.npy base
refused 'base: has a target for each row, and --shift is for tokens' eval base --shift
refused 'good.npy: has rows of the shape (2,) with 3 classes, expected (1, 1) with 3, as base has' kl base good.npy
{ npy '<f4' '(1, 2)' && zeros 8; } >flat.npy
refused 'flat.npy: has rows of the shape (1,) with 2 classes, expected (1, 1) with 3, as base has' kl base flat.npy
# Logits of all tokens are those of the base's if chunks, context and classes are.
for shape in '2, 4, 3' '1, 5, 3' '1, 4, 2'; do
    { npy '<f4' "($shape)" && zeros $((4 * $(echo "$shape" | sed 's/, / * /g'))); } >tokens.npy
    refused "tokens.npy: has rows of the shape (${shape%, *}) with ${shape##*, } classes, expected (1, 1) with 3, as base has" \
        kl base tokens.npy
done
echo "$(wc -l <refusals) files and commands are refused"
