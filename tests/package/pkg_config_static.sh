# pkg-config --static where there is only the static library, in an installed tree that was moved.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
mkdir moved
cp -R "$PREFIX" moved/usr
rm "moved/usr/$LIBDIR"/libxent.so*
export PKG_CONFIG_PATH="$WORK_DIR/moved/usr/$LIBDIR/pkgconfig"
[ -z "${PKG_CONFIG_SYSROOT_DIR:-}" ] || PKG_CONFIG_SYSROOT_DIR=$WORK_DIR/moved

# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "$package/consumer/consumer.c" $(pkg-config --static --cflags --libs xent) -o consumer
$EMULATOR ./consumer
