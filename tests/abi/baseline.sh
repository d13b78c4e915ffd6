# baseline.sh <objdump> <libxent.a>
# AVX instructions stand in backend_avx*.o and nowhere else: the library starts on every x86 CPU. That they are found there shows
# that this test would find them elsewhere. (A build with -march=native or the like fails rightly: it is not for every CPU.)
set -eu
objdump=$1 library=$2
command -v "$objdump" >/dev/null || { echo "skipped: there is no objdump here: $objdump"; exit 77; }

"$objdump" -d --no-show-raw-insn "$library" | awk '
    /file format/ { object = $1; sub(/:$/, "", object); objects++; next }
    /^ *[0-9a-f]+:/ {
        # By operand or by mnemonic: every VEX or EVEX instruction on vectors begins with v, as do verr and verw of the 286;
        # those on integers are BMI.
        if ($0 !~ /%[yz]mm|%k[0-7]/ && ($2 !~ /^v/ || $2 ~ /^ver[rw]$/) &&
            $2 !~ /^(andn|bextr|blsi|blsmsk|blsr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)[lq]?$/) next
        if (object ~ /backend_avx/) { expected++; next }
        if (++leaked <= 10) print object ": " $0
    }
    END {
        printf "%d objects, %d instructions of AVX in backend_avx*, %d elsewhere\n", objects, expected, leaked
        exit !(objects > 2 && expected > 0 && leaked == 0)
    }'
