# cc with pkg-config's flags: the shared library.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
[ "$(pkg-config --modversion xent)" = "$VERSION" ] || fail "xent.pc is not of version $VERSION"

# The flags are words for the shell to split.
# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "$package/consumer/consumer.c" $(pkg-config --cflags --libs xent) -o consumer
LD_LIBRARY_PATH="$PREFIX/$LIBDIR" ./consumer
grep -q 'libxent\.so\.0' consumer || fail "it is not linked with libxent.so.0"
