# smoke.sh <bench>
# Every part runs on a small shape and its JSON parses; a wrong command line is refused in a sentence, with exit code 2.
set -eu
bench=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

"$bench" --quick --samples 1 --shape 2x3,3x4x5 --dtype f32,f64,f16,bf16 --pass forward,in-place,out-of-place \
    --measure table,operations,accuracy --json "$work/results.json" >"$work/table" 2>"$work/messages"
for line in 'loss .*2x3 .*in-place .* 16 ' 'softcap .*3x4x5 .*f16 .*out-of-place' 'softmax .*2x3 .*f64 .*in-place' \
    'logsumexp .*2x3 .*bf16 .*forward' 'top_20 .*3x4x5 .*f16 .*forward' 'log_softmax_backward .*3x4x5 .*f32 .*out-of-place' \
    'kl_div .*3x4x5 .*bf16 .*in-place' 'row_stats .*3x4x5 .*f64 .*forward'; do
    grep -q "^$line" "$work/table" || { echo "no line for $line"; status=1; }
done
# What peers compute is compared with what libxent does.
cat "$work/messages"
! grep -q ' where libxent ' "$work/messages" || { echo "peers do not agree"; status=1; }
"$bench" --quick --samples 1 --shape 2x3 --dtype f32 --peer none --json - >"$work/stdout.json" 2>"$work/table"
if command -v python3 >/dev/null; then
    for file in results stdout; do
        python3 -m json.tool "$work/$file.json" >/dev/null || { echo "$file.json does not parse"; status=1; }
    done
fi

# refused <text> <argument>...
refused()
{
    text=$1
    shift
    code=0
    "$bench" "$@" >"$work/out" 2>&1 || code=$?
    if [ $code -ne 2 ] || ! grep -q -e "$text" "$work/out"; then
        echo "bench $*: exit code $code, not 2 with '$text'"
        cat "$work/out"
        status=1
    fi
}

refused "there is no option '--fast'" --fast
refused "there is no option 'fast'" fast
refused "--shape takes a value" --shape
refused "not '0x3'" --shape 0x3
refused "not '3'" --shape=2x3,3
refused "does not know 'f8'" --dtype f8
refused "does not know 'backward'" --pass backward
refused "does not know 'everything'" --measure everything
refused "a number from 1 to" --threads 0
refused "not '1e3'" --samples 1e3
refused "does not know 'sigmoid'" --operation sigmoid
refused "not '7'" --offset 7
refused "there is no 'abacus' here" --backend abacus
refused "there is no 'abacus' here" --peer abacus
exit $status
