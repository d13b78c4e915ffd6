# pkg-config --static where there is only the static library, in an installed tree that was moved.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
cp -R "$PREFIX" moved
rm "moved/$LIBDIR"/libxent.so*
export PKG_CONFIG_PATH="$WORK_DIR/moved/$LIBDIR/pkgconfig"

# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "$package/consumer/consumer.c" $(pkg-config --static --cflags --libs xent) -o consumer
$EMULATOR ./consumer
