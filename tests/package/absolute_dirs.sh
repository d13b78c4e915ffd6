# Absolute CMAKE_INSTALL_LIBDIR and INCLUDEDIR outside the prefix, as some distributions configure.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
configure "$SOURCE_DIR" build -DCMAKE_BUILD_TYPE=Debug -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=OFF \
    -DCMAKE_INSTALL_PREFIX="$WORK_DIR/prefix" -DCMAKE_INSTALL_LIBDIR="$WORK_DIR/libraries" \
    -DCMAKE_INSTALL_INCLUDEDIR="$WORK_DIR/headers"
"$CMAKE" --build build
"$CMAKE" --install build
export PKG_CONFIG_PATH="$WORK_DIR/libraries/pkgconfig"

# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "$package/consumer/consumer.c" $(pkg-config --cflags --libs xent) -o consumer
LD_LIBRARY_PATH="$WORK_DIR/libraries" $EMULATOR ./consumer

configure "$package/consumer" consumer_build -Dxent_DIR="$WORK_DIR/libraries/cmake/xent"
"$CMAKE" --build consumer_build
$EMULATOR ./consumer_build/consumer_shared
