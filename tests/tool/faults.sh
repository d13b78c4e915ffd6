# Every allocation, thread, file, mapping, pipe and process that xent asks for is refused once, and every write of a file: exit code 2 and a
# sentence, nothing on standard output; without a thread or a hint, what it prints otherwise.
. "$SOURCE_DIR/tests/tool/common.sh"
TOOL=$FAULTY
# With less effort not each call, but every third, say.
step=$(awk -v effort="${XENT_TEST_EFFORT:-1}" 'BEGIN { print int(1 / effort) }')

floats() { printf '\000\000\200\077\000\000\000\100\000\000\000\300\000\000\100\100\000\000\000\000\000\000\200\277'; }
{ safetensors '{"logits": {"dtype": "F32", "shape": [2, 1, 3], "data_offsets": [2, 26]}, "targets": {"dtype": "U8", "shape": [2, 1],
    "data_offsets": [0, 2]}}' && printf '\001\002' && floats; } >both.safetensors
{ npy '<f4' '(2, 1, 3)' && floats; } >z.npy
{ npy '<f4' '(2, 1, 3)' && floats | tr '\200' '\300'; } >other.npy
{ printf '_logits_' && little 4 4 && little 4 3 && little 4 1 && zeros 16 &&
    printf '\000\000\000\070\000\000\000\300\001\000\002\000\003\000\000\000'; } >base
{ npy '<f4' '(1, 4, 3)' && floats && floats; } >tokens.npy
{ npy '<f4' '(170, 1000)' && zeros 680000; } >large.npy
{ npy '|u1' '(170,)' && zeros 170; } >large_t.npy

# refuse <function> <argument>...: each call of it, the first, the second and so on, until there is no further one
refuse()
{
    refuse_function=$1 refuse_n=0
    shift
    rm -f rows.* plot.svg
    refuse_right=0
    xent "$@" >expected || refuse_right=$?
    for refuse_n in $(seq 0 "$step" 999); do
        rm -f fault
        refuse_code=0
        XENT_TEST_FAULT=$refuse_function:$refuse_n xent "$@" >printed 2>message || refuse_code=$?
        [ -e fault ] || break
        refused=$((refused + 1))
        refuse_what="xent $*, refused its $refuse_function number $refuse_n,"
        case $refuse_code:$refuse_function in
        2:*)
            [ ! -s printed ] || fail "$refuse_what prints $(cat printed)"
            grep -q '^xent: ' message && [ "$(wc -l <message)" -eq 1 ] || fail "$refuse_what says $(cat message)"
            ;;
        "$refuse_right:pthread_create" | "$refuse_right:posix_madvise" | "$refuse_right:open" | "$refuse_right:read")
            diff expected printed && [ ! -s message ] || fail "$refuse_what does not do without"
            ;;
        *) fail "$refuse_what ends with $refuse_code: $(cat message)" ;;
        esac
    done
    [ $refuse_code -eq $refuse_right ] && diff expected printed || fail "xent $* ends with $refuse_code without a fault: $(cat message)"
    echo "$refuse_function, before number $refuse_n: $*"
}

echo "== memory, files, threads"
refused=0
for function in malloc calloc open fstat mmap fopen posix_madvise read pthread_create; do
    refuse $function eval both.safetensors --json --by-sequence --bytes 3 --rows rows.csv
    refuse $function kl base tokens.npy --json
    refuse $function diff z.npy other.npy --json
    refuse $function diff z.npy z.npy
    refuse $function eval large.npy large_t.npy --json --threads 5
done

# Where a descriptor is closed and nothing can stand in its place, files are read all the same.
xent eval both.safetensors --json >expected
XENT_TEST_FAULT=open:0 xent eval both.safetensors --json <&- >printed 2>message || fail "without a standard input: $(cat message)"
diff expected printed || fail "without a standard input it prints something else"

echo "== writing"
# written <argument>...: what it writes may have no bytes at all, 512, 1024 and so on, until all of it fits; gnuplot's file too
written()
{
    for blocks in $(seq 0 "$step" 999); do
        code=0
        # shellcheck disable=SC3045
        said=$(ulimit -S -f "$blocks" && xent "$@" 2>&1 >printed) || code=$?
        [ $code -ne 0 ] || break
        [ $code -eq 2 ] && echo "$said" | grep -qx 'xent: .*: File too large' || fail "$blocks blocks for xent $*: $code, $said"
    done
    echo "$blocks times too little for $*"
    [ "$blocks" -gt 0 ] || fail "xent $* never writes too much"
}
written eval both.safetensors --json
for ending in csv json npy; do
    written eval large.npy large_t.npy --rows rows.$ending
done

if command -v gnuplot >/dev/null; then
    echo "== gnuplot"
    for function in malloc calloc open fopen fdopen pipe2 action spawn read; do
        refuse $function eval both.safetensors --json --plot plot.svg
    done
else
    echo "there is no gnuplot here"
fi
echo "$refused calls are refused"
[ $refused -ge $((500 / step)) ] || fail "so few calls say nothing"
