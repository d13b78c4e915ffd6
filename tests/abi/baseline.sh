# baseline.sh <objdump> <libxent.a> <0 or 1: whether the library has AVX-512>
# AVX instructions stand in the objects kernels_avx2_* and kernels_avx512_* and nowhere else, those of AVX-512 in the latter: the library
# starts on every x86 CPU. That they are found there shows that this test would find them elsewhere. (A build with -march=native or the like fails
# rightly: it is not for every CPU.)
set -eu
objdump=$1 library=$2 avx512=$3
command -v "$objdump" >/dev/null || { echo "skipped: there is no objdump here: $objdump"; exit 77; }

"$objdump" -d --no-show-raw-insn "$library" | awk -v avx512="$avx512" '
    /file format/ { object = $1; sub(/:$/, "", object); objects++; next }
    /^ *[0-9a-f]+:/ {
        # By operand or by mnemonic: every VEX or EVEX instruction on vectors begins with v, as do verr and verw of the 286;
        # those on integers are BMI.
        if ($0 !~ /%[yz]mm|%k[0-7]/ && ($2 !~ /^v/ || $2 ~ /^ver[rw]$/) &&
            $2 !~ /^(andn|bextr|blsi|blsmsk|blsr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)[lq]?$/) next
        # What AVX-512 alone can name: its registers.
        wide = /%zmm|%k[0-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])/
        if (object ~ /(^|[(])kernels_avx512_/) { expected_wide += wide; next }
        if (object ~ /(^|[(])kernels_avx2_/ && !wide) { expected++; next }
        if (++leaked <= 10) print object ": " $0
    }
    END {
        printf "%d objects, %d instructions of AVX in kernels_avx2_*, %d of AVX-512 in kernels_avx512_*, %d elsewhere\n",
            objects, expected, expected_wide, leaked
        exit !(objects > 2 && expected > 0 && (expected_wide > 0) == avx512 && leaked == 0)
    }'
