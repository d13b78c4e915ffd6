# Sourced by check.sh and record.sh: counts the instructions of calls.c. $work is a directory of theirs.

unset CFLAGS CPPFLAGS LDFLAGS XENT_BACKEND XENT_NUM_THREADS # of whoever calls

# The instructions that stand in the library depend on it. "gcc 12.2.0 x86_64-linux-gnu"
compiler()
{
    version=$(echo __VERSION__ | "${CC:-gcc}" -E -P - | tr -d '"')
    case $version in [0-9]*) version="gcc $version" ;; esac
    echo "$version $("${CC:-gcc}" -dumpmachine)"
}

# build: calls.c and the shared library as users install it
build()
{
    {
        cmake -S "$root" -B "$work/build" -DCMAKE_C_COMPILER="${CC:-gcc}" -DCMAKE_BUILD_TYPE=Release -DXENT_BUILD_EXAMPLES=OFF -DXENT_BUILD_TOOL=OFF &&
            cmake --build "$work/build" -j "$(processors)" --target instructions_calls
    } >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
}

# profile: runs calls.c in callgrind; $work/profile.N is the N-th call of $work/names. Returns 77, after a reason, where the CPU
# lacks AVX2.
profile()
{
    # valgrind shows every program the same Intel CPU, but counts each byte of "rep stosb" as an instruction: ERMS off.
    LD_BIND_NOW=1 GLIBC_TUNABLES=glibc.cpu.hwcaps=-ERMS valgrind --command-line-only=yes -q --tool=callgrind \
        --callgrind-out-file="$work/profile" --toggle-collect=counted_call --dump-after=counted_call \
        "$work/build/tests/bench/instructions/instructions_calls" >"$work/names"
}

# count: "<instructions> <name of the call>", a line each, as $work/counts
count()
{
    build || return 1
    profile || return $?
    calls=0
    while read -r name; do
        calls=$((calls + 1))
        awk -v name="$name" '
            $1 == "summary:" { count = $2 }
            END { if (!(count > 0)) { print name ": nothing was counted"; exit 1 } printf "%10d %s\n", count, name }
        ' "$work/profile.$calls" || return 1
    done <"$work/names" >"$work/counts"
    [ "$calls" -gt 0 ] && [ ! -e "$work/profile.$((calls + 1))" ] || { echo "callgrind saw other calls than were made"; return 1; }
}
