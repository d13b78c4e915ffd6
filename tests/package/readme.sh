# README's program, compiled by README's command, prints what README says.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
. "$package/readme_program.sh"

PATH=$WORK_DIR/bin:$PATH sh -c "$command"
printed=$(LD_LIBRARY_PATH="$PREFIX/$LIBDIR" $EMULATOR ./loss)
[ "$printed" = "$expected" ] || fail "it prints \"$printed\", and README.md says \"$expected\""
