# cc with pkg-config's flags: the shared library.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
[ "$(pkg-config --modversion xent)" = "$VERSION" ] || fail "xent.pc is not of version $VERSION"

# The flags are words for the shell to split.
# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "$package/consumer/consumer.c" $(pkg-config --cflags --libs xent) -o consumer
LD_LIBRARY_PATH="$PREFIX/$LIBDIR" $EMULATOR ./consumer
grep -q 'libxent\.so\.0' consumer || fail "it is not linked with libxent.so.0"

# The notebook's table, row by row, on every backend: the program compares and says so in its exit code.
# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "$SOURCE_DIR/docs/examples/notebook.c" $(pkg-config --cflags --libs xent) -o notebook
LD_LIBRARY_PATH="$PREFIX/$LIBDIR" $EMULATOR ./notebook
