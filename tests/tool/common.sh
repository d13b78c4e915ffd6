# Sourced by the scripts beside it; CTest gives them SOURCE_DIR, WORK_DIR, TOOL and EMULATOR (CMakeLists.txt). Each starts in an empty
# directory of its own. Exit code 77: skipped.
set -eu
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
. "$SOURCE_DIR/tests/support/begin.sh"

xent()
{
    $EMULATOR "$TOOL" "$@"
}

# refused <sentence, a basic regular expression> <argument>...: exit code 2, the sentence alone on standard error, nothing on standard
# output
refused()
{
    refused_text=$1
    shift
    refused_code=0
    xent "$@" >printed 2>message || refused_code=$?
    [ "$refused_code" -eq 2 ] || fail "xent $* ends with $refused_code: $(cat message)"
    [ ! -s printed ] || fail "xent $* prints $(cat printed)"
    sed '/^xent --help lists/d' message >sentence
    [ "$(wc -l <sentence)" -eq 1 ] || fail "xent $* says $(cat message)"
    grep -qx "xent: $refused_text" sentence || fail "xent $* says \"$(cat sentence)\", expected \"xent: $refused_text\""
    echo "$*" >>refusals
}

# python: the first Python here that has numpy
for python in python3 /usr/bin/python3 none; do
    ! "$python" -c 'import numpy' 2>/dev/null || break
done
need_numpy()
{
    [ "$python" != none ] || { echo "skipped: there is no Python with numpy here"; exit 77; }
}

# little <bytes> <number>: a little-endian number
little()
{
    little_n=$1 little_value=$2
    while [ "$little_n" -gt 0 ]; do
        # shellcheck disable=SC2059
        printf "\\$(printf %03o $((little_value & 255)))"
        little_value=$((little_value >> 8)) little_n=$((little_n - 1))
    done
}

# npy <descr> <shape>: the header of a .npy file, version 1.0
npy()
{
    npy_header "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
}

npy_header()
{
    printf '\223NUMPY\001\000'
    little 2 ${#1}
    printf %s "$1"
}

# zeros <bytes>
zeros()
{
    head -c "$1" /dev/zero
}

# safetensors <header>
safetensors()
{
    little 8 ${#1}
    printf %s "$1"
}
