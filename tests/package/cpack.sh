# cpack's archive holds what is installed, and works where it is unpacked.
. "$SOURCE_DIR/tests/package/common.sh"
# What is built is packed: CPack knows no target that Ninja would have to build first.
"$CPACK" --config "$BUILD_DIR/CPackConfig.cmake" -C "$CONFIG" -D CPACK_CMAKE_GENERATOR=Ninja -B "$WORK_DIR/packed"
mkdir unpacked
tar -C unpacked -xzf packed/libxent-"$VERSION"-*.tar.gz
mv unpacked/libxent-"$VERSION"-* "unpacked/another name"
installed=$PREFIX
PREFIX="$WORK_DIR/unpacked/another name"
(cd "$PREFIX" && find . ! -type d | sort) >found
(cd "$installed" && find . ! -type d | sort) >expected
diff expected found || fail "< is installed, > is packed"

configure "$package/consumer" build -DCMAKE_PREFIX_PATH="$PREFIX"
"$CMAKE" --build build
$EMULATOR ./build/consumer_shared
$EMULATOR ./build/consumer_static

need pkg-config
export PKG_CONFIG_PATH="$PREFIX/$LIBDIR/pkgconfig"
# pkg-config escapes the blank of the path for a shell to read.
eval "\"\$CC\" $CFLAGS \"\$package/consumer/consumer.c\" $(pkg-config --cflags --libs xent) -o consumer"
LD_LIBRARY_PATH="$PREFIX/$LIBDIR" $EMULATOR ./consumer
