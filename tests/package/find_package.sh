# find_package(xent CONFIG): shared and static. A version that is not compatible is refused.
. "$SOURCE_DIR/tests/package/common.sh"
configure "$package/consumer" build -DCMAKE_PREFIX_PATH="$PREFIX"
"$CMAKE" --build build
$EMULATOR ./build/consumer_shared
$EMULATOR ./build/consumer_static

if configure "$package/consumer" other -DCMAKE_PREFIX_PATH="$PREFIX" -DXENT_WANTED=0.0 >/dev/null 2>&1; then
    fail "version 0.0 was asked for and $VERSION accepted"
fi
