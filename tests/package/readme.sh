# README's program, compiled by README's command, prints what README says.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config

readme=$SOURCE_DIR/README.md
awk '/^```c$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$readme" >loss.c
command=$(grep '^cc loss\.c ' "$readme") || fail "README.md has no line that begins with: cc loss.c"
expected=$(sed -n 's,^\./loss *# ,,p' "$readme")
[ -s loss.c ] || fail "README.md has no program"
[ -n "$expected" ] || fail "README.md does not say what the program prints"

mkdir bin
printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$CC" "$CFLAGS" >bin/cc
chmod +x bin/cc
PATH=$WORK_DIR/bin:$PATH sh -c "$command"
printed=$(LD_LIBRARY_PATH="$PREFIX/$LIBDIR" $EMULATOR ./loss)
[ "$printed" = "$expected" ] || fail "it prints \"$printed\", and README.md says \"$expected\""
