# Sourced after common.sh: README's program as loss.c, the command that compiles it as $command, what it prints as $expected, and in bin
# a cc that is the build's.
readme=$SOURCE_DIR/README.md
awk '/^```c$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$readme" >loss.c
command=$(grep '^cc loss\.c ' "$readme") || fail "README.md has no line that begins with: cc loss.c"
expected=$(sed -n 's,^\./loss *# ,,p' "$readme")
[ -s loss.c ] || fail "README.md has no program"
[ -n "$expected" ] || fail "README.md does not say what the program prints"

mkdir bin
printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$CC" "$CFLAGS" >bin/cc
chmod +x bin/cc
