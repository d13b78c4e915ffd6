# baseline.sh <objdump> <0 or 1: whether the library has AVX-512> <libxent.a>
# baseline.sh <objdump> <0 or 1> <libxent.so> <the linker's map of it>
# AVX instructions stand in the objects kernels_avx2_* and kernels_avx512_* and nowhere else, those of AVX-512 in the latter: the library
# starts on every x86 CPU. That they are found there shows that this test would find them elsewhere. (A build with -march=native or the like fails
# rightly: it is not for every CPU.) Link-time optimisation makes code of its own, which the shared library alone has.
set -eu
objdump=$1 avx512=$2 library=$3 map=${4-/dev/null}
command -v "$objdump" >/dev/null || { echo "skipped: there is no objdump here: $objdump"; exit 77; }

# The map has "<section> 0x<address> 0x<size> <object>", a long name of a section on a line of its own.
"$objdump" -d --no-show-raw-insn "$library" | awk -v avx512="$avx512" -v map="$map" '
    # The member of an archive: LLVM writes it in parentheses behind the archive.
    function named(path) { sub(/^.*[\/(]/, "", path); sub(/[)]?:?$/, "", path); objects++; return path }
    BEGIN {
        while ((getline <map) > 0) {
            if ($1 ~ /^\.text/) { sub(/^ *[^ ]+/, ""); in_text = 1 }
            if (in_text && $1 ~ /^0x[0-9a-f]+$/ && $2 !~ /^0x0*$/ && $3 ~ /[.]o[)]?$/) {
                start[++sections] = sprintf("%16s", substr($1, 3)); gsub(/ /, "0", start[sections])
                object_of[sections] = named($3)
            }
            if (NF > 0) in_text = 0
        }
        if (map != "/dev/null" && sections < 3) { print map ": not understood"; exit 1 }
        start[sections + 1] = "g" # behind every number
    }
    sections == 0 && /file format/ { object = named($1); next }
    /^ *[0-9a-f]+:/ {
        if (sections > 0) {
            address = sprintf("%16s", substr($1, 1, length($1) - 1)); gsub(/ /, "0", address)
            while (address >= start[at + 1]) object = object_of[++at]
        }
        # By operand or by mnemonic: every VEX or EVEX instruction on vectors begins with v, as do verr and verw of the 286;
        # those on integers are BMI.
        if ($0 !~ /%[yz]mm|%k[0-7]/ && ($2 !~ /^v/ || $2 ~ /^ver[rw]$/) &&
            $2 !~ /^(andn|bextr|blsi|blsmsk|blsr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)[lq]?$/) next
        # What AVX-512 alone can name: its registers.
        wide = /%zmm|%k[0-7]|%[xy]mm(1[6-9]|2[0-9]|3[01])/
        if (object ~ /^kernels_avx512_/) { expected_wide += wide; next }
        if (object ~ /^kernels_avx2_/ && !wide) { expected++; next }
        if (++leaked <= 10) print object ": " $0
    }
    END {
        printf "%d objects, %d instructions of AVX in kernels_avx2_*, %d of AVX-512 in kernels_avx512_*, %d elsewhere\n",
            objects, expected, expected_wide, leaked
        exit !(objects > 2 && expected > 0 && (expected_wide > 0) == avx512 && leaked == 0)
    }'
