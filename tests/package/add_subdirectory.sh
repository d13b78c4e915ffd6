# Inside another project: the same target names, and nothing of the parent's changes (parent/CMakeLists.txt checks its settings).
. "$SOURCE_DIR/tests/package/common.sh"
configure "$package/parent" build -DXENT_SOURCE_DIR="$SOURCE_DIR" $one_backend
"$CMAKE" --build build
$EMULATOR ./build/consumer_shared
$EMULATOR ./build/consumer_static

"$CMAKE" --install build --prefix "$WORK_DIR/prefix"
[ "$(cd prefix && find . ! -type d)" = ./bin/consumer_static ] || fail "the parent installs files of libxent's"
"$CTEST" --test-dir build -N | grep -q '^Total Tests: 1$' || fail "the parent runs tests of libxent's"
