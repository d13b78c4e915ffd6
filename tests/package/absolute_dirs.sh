# Absolute CMAKE_INSTALL_LIBDIR and INCLUDEDIR outside the prefix, as some distributions configure.
. "$SOURCE_DIR/tests/package/common.sh"
need pkg-config
# CMake 3.25 refuses to install headers into the source tree, where the build directory may be.
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
configure "$SOURCE_DIR" build -DCMAKE_BUILD_TYPE=Debug -DXENT_BUILD_TESTS=OFF -DXENT_BUILD_EXAMPLES=OFF $one_backend \
    -DCMAKE_INSTALL_PREFIX="$elsewhere/prefix" -DCMAKE_INSTALL_LIBDIR="$elsewhere/libraries" \
    -DCMAKE_INSTALL_INCLUDEDIR="$elsewhere/headers" >configured
cat configured
if grep -i 'failed' configured; then fail "what a compiler lacks looks like a failure"; fi
grep -q '^-- Backends of libxent: scalar$' configured || fail "the backends that are built are not named"
"$CMAKE" --build build
"$CMAKE" --install build
# Nothing of that would be in an archive, so there is none.
if "$CPACK" --config build/CPackConfig.cmake -B packed >said 2>&1; then fail "cpack makes an archive without the library"; fi
grep -q "ABSOLUTE path INSTALL DESTINATION forbidden" said || { cat said; fail "cpack does not say why it makes no archive"; }
if [ -n "$(find packed -name '*.tar.gz')" ]; then fail "cpack leaves an archive without the library"; fi

export PKG_CONFIG_PATH="$elsewhere/libraries/pkgconfig"

# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "$package/consumer/consumer.c" $(pkg-config --cflags --libs xent) -o consumer
LD_LIBRARY_PATH="$elsewhere/libraries" $EMULATOR ./consumer

configure "$package/consumer" consumer_build -Dxent_DIR="$elsewhere/libraries/cmake/xent"
"$CMAKE" --build consumer_build
$EMULATOR ./consumer_build/consumer_shared
