# .safetensors: tensors by name and without one, targets beside logits, data that are not aligned; and headers that cannot be.
. "$SOURCE_DIR/tests/tool/common.sh"

floats() { printf '\000\000\200\077\000\000\000\100\000\000\000\300\000\000\100\100\000\000\000\000\000\000\200\277'; }
{ npy '<f4' '(2, 3)' && floats; } >logits.npy
{ npy '|u1' '(2,)' && printf '\001\002'; } >targets.npy
xent eval logits.npy targets.npy --json >expected
logits='"dtype": "F32", "shape": [2, 3]'
targets='"dtype": "U8", "shape": [2]'

# expect <argument>...: eval prints what it does of the .npy files
expect()
{
    xent eval "$@" --json >printed || fail "eval $* is refused"
    diff expected printed || fail "eval $* prints something else"
}

{ safetensors "{\"logits\": {$logits, \"data_offsets\": [2, 26]}, \"targets\": {$targets, \"data_offsets\": [0, 2]}}" &&
    printf '\001\002' && floats; } >both.safetensors
expect both.safetensors
expect both.safetensors:logits
expect both.safetensors:logits both.safetensors
expect both.safetensors both.safetensors:targets
cp both.safetensors 'a name:with colons'
expect 'a name:with colons'
expect 'a name:with colons:logits'
xent kl both.safetensors logits.npy --json | grep -q '"perplexity_base":' || fail "kl finds no targets beside the base's logits"
xent kl logits.npy both.safetensors --json | grep -q '"perplexity_base":' || fail "kl finds no targets beside the other's logits"
# A single tensor needs no name; metadata are none; a header may end with blanks and stand off every alignment, with rows along any axis.
{ npy '|u1' '(3,)' && printf '\001\000\001'; } >columns.npy
xent eval logits.npy columns.npy --axis 0 --json >of_columns
for blanks in '' ' ' '  ' '   ' '       '; do
    { safetensors "{\"__metadata__\": {\"format\": \"pt\"}, \"x\": {$logits, \"data_offsets\": [0, 24]}}$blanks" && floats; } \
        >one.safetensors
    expect one.safetensors targets.npy
    xent eval one.safetensors columns.npy --axis 0 --json | diff of_columns - || fail "columns that are not aligned are other numbers"
done
{ safetensors "{\"labels\": {$targets, \"data_offsets\": [0, 2]}}" && printf '\001\002'; } >labels.safetensors
expect logits.npy labels.safetensors
expect logits.npy labels.safetensors:labels
# Types that xent does not read do not keep it from reading others; an empty tensor covers nothing.
{ safetensors "{\"a\": {\"dtype\": \"F8_E4M3\", \"shape\": [1], \"data_offsets\": [0, 1]}, \
\"b\": {\"dtype\": \"F32\", \"shape\": [0], \"data_offsets\": [1, 1]}, \"logits\": {$logits, \"data_offsets\": [1, 25]}}" && printf x && floats; } \
    >more.safetensors
expect more.safetensors targets.npy

echo "== headers"
refused "both.safetensors: has no tensor 'none'" eval both.safetensors:none
refused "both.safetensors: has no tensor '__metadata__'" eval both.safetensors:__metadata__
refused "more.safetensors: has a tensor 'a' of type F8_E4M3, which xent does not read" eval more.safetensors:a targets.npy
refused "more.safetensors: has the shape (0,), without classes" eval more.safetensors:b targets.npy
refused "more.safetensors: has 3 tensors and none named 'targets': name one after a colon" eval logits.npy more.safetensors

# header <sentence> <header>: 24 bytes of data follow
header()
{
    { safetensors "$2" && floats; } >bad
    refused "bad: $1" eval bad targets.npy
}
at='"data_offsets": [0, 24]'
header "has 2 tensors and none named 'logits': name one after a colon" \
    "{\"a\": {$logits, $at}, \"b\": {\"dtype\": \"F32\", \"shape\": [0], \"data_offsets\": [24, 24]}}"
header "has 24 bytes of data, expected the 0 of its tensors" '{}'
safetensors '{}' >bad
refused "bad: has 0 tensors and none named 'logits': name one after a colon" eval bad targets.npy
{ little 8 99 && printf '{}'; } >bad
refused 'bad: has 10 bytes, fewer than the 107 of its header' eval bad targets.npy
{ little 8 100000001 && printf '{}'; } >bad
refused 'bad: has a header of 100000001 bytes, expected at most 100000000' eval bad targets.npy
{ printf '\377\377\377\377\377\377\377\377{}'; } >bad
refused 'bad: has a header of 18446744073709551615 bytes, expected at most 100000000' eval bad targets.npy
header 'has a header that is not JSON as .safetensors wants it: .*' "{\"logits\": {$logits, $at"
header 'has a header that is not JSON as .safetensors wants it: duplicate object key.*' \
    "{\"logits\": {$logits, $at}, \"logits\": {$logits, $at}}"
header 'has a header that is not JSON as .safetensors wants it: duplicate object key.*' "{\"logits\": {$logits, $at, $at}}"
header 'has a header that is not JSON as .safetensors wants it: .*' \
    "{\"logits\": {$logits, \"data_offsets\": [0, 99999999999999999999]}}"
# What a terminal would obey is not printed.
header "has a tensor 'a?b?\[31m??é' of 24 bytes, expected 28 for the shape (7, 1) of F32" \
    "{\"a\\nb\\u001b[31m\\u009bé\": {\"dtype\": \"F32\", \"shape\": [7, 1], $at}}"
header "has a header that is not JSON as .safetensors wants it: invalid token near '?'" "{\"logits\": $(printf '\033')}"
for offsets in '' ', "data_offsets": 3' ', "data_offsets": [0]' ', "data_offsets": [0, 24, 24]' ', "data_offsets": ["0", "24"]' \
    ', "data_offsets": [0, "24"]' \
    ', "data_offsets": [0.0, 24.0]'; do
    header "has a tensor 'logits' without a pair of data_offsets" "{\"logits\": {$logits$offsets}}"
done
header "has a tensor 'x' without a pair of data_offsets" "{\"logits\": {$logits, $at}, \"x\": 1}"
header "has a tensor 'logits' with data_offsets -1 and 24, expected 0 <= begin <= end" "{\"logits\": {$logits, \"data_offsets\": [-1, 24]}}"
header "has a tensor 'logits' with data_offsets 24 and 0, expected 0 <= begin <= end" "{\"logits\": {$logits, \"data_offsets\": [24, 0]}}"
x='"x": {"dtype": "U8", "shape": [8], "data_offsets"'
header "has a tensor 'x' that begins at byte 16 of the data, expected 24: tensors overlap or leave a hole" \
    "{\"logits\": {$logits, $at}, $x: [16, 24]}}"
header "has a tensor 'x' that begins at byte 25 of the data, expected 24: tensors overlap or leave a hole" \
    "{\"logits\": {$logits, $at}, $x: [25, 33]}}"
header "has 24 bytes of data, expected the 32 of its tensors" "{\"logits\": {$logits, $at}, $x: [24, 32]}}"
header "has 24 bytes of data, expected the 9223372036854775807 of its tensors" \
    "{\"logits\": {$logits, $at}, $x: [24, 9223372036854775807]}}"
header "has a tensor 'logits' without a dtype" "{\"logits\": {\"shape\": [2, 3], $at}}"
header "has a tensor 'logits' without a shape" "{\"logits\": {\"dtype\": \"F32\", $at}}"
header "has a tensor 'logits' without a shape" "{\"logits\": {\"dtype\": \"F32\", \"shape\": 6, $at}}"
header "has a tensor 'logits' of 9 dimensions, expected at most 8" "{\"logits\": {\"dtype\": \"F32\", \"shape\": [1,1,1,1,1,1,1,2,3], $at}}"
for shape in '[2, -3]' '[2, "3"]' '[2, 3.0]' '[2, null]'; do
    header "has a tensor 'logits' whose shape is no list of whole numbers" "{\"logits\": {\"dtype\": \"F32\", \"shape\": $shape, $at}}"
done
header "has a tensor 'logits' that shape (4611686018427387904, 3) has more elements than a file can hold" \
    "{\"logits\": {\"dtype\": \"F32\", \"shape\": [4611686018427387904, 3], $at}}"
header "has a tensor 'logits' of 24 bytes, expected 28 for the shape (7, 1) of F32" \
    "{\"logits\": {\"dtype\": \"F32\", \"shape\": [7, 1], $at}}"
header "has elements of type I32, expected logits of F32, F64, F16 or BF16" "{\"logits\": {\"dtype\": \"I32\", \"shape\": [2, 3], $at}}"
{ safetensors "{\"logits\": {$logits, \"data_offsets\": [0, 24]}, \"targets\": {$targets, \"data_offsets\": [24, 27]}}" &&
    floats && printf 123; } >bad
refused "bad: has a tensor 'targets' of 3 bytes, expected 2 for the shape (2,) of U8" eval bad
echo "$(wc -l <refusals) headers are refused"
