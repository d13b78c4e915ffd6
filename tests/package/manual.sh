# `man <name>` finds every function in the installed manual, on the page that has it in its NAME.
. "$SOURCE_DIR/tests/package/common.sh"
need man
if man man 2>&1 | grep -q 'minimized'; then
    echo "skipped: this system's man is a stub"
    exit 77
fi
export LC_ALL=C.UTF-8 MANWIDTH=80
for name in libxent xent_tensor_from_dlpack $(sed -n 's/^ *\(xent_[a-z_]*\);$/\1/p' "$SOURCE_DIR/cmake/xent.map"
    for library in mpi $SIDES; do sed -n 's/^ *\(xent_[a-z_]*\);$/\1/p' "$SOURCE_DIR/cmake/xent_$library.map"; done); do
    man -M "$PREFIX/$MANDIR" 3 "$name" >formatted || fail "there is no page of $name"
    sed "s/.$(printf '\b')//g" formatted >page
    sed -n '/^NAME$/,/^LIBRARY$/p' page | tr -s ' ,\n' '\n' | grep -qx "$name" || fail "another page comes up for $name"
    echo "$name: $(sed -n 1p page | sed 's/(.*//')"
done
