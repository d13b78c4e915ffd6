# What `cmake --install` lays down, and nothing else. The other scripts use this prefix.
. "$SOURCE_DIR/tests/package/common.sh"
rm -rf "$PREFIX"
"$CMAKE" --install "$BUILD_DIR" --config "$CONFIG" --prefix "$PREFIX"

(cd "$PREFIX" && find . ! -type d) | sed 's,^\./,,' | sort >found
sort >expected <<EOS
$INCLUDEDIR/xent.h
$LIBDIR/cmake/xent/xentConfig.cmake
$LIBDIR/cmake/xent/xentConfigVersion.cmake
$LIBDIR/cmake/xent/xentTargets-$(echo "${CONFIG:-noconfig}" | tr '[:upper:]' '[:lower:]').cmake
$LIBDIR/cmake/xent/xentTargets.cmake
$LIBDIR/libxent.a
$LIBDIR/libxent.so
$LIBDIR/libxent.so.0
$LIBDIR/libxent.so.$VERSION
$LIBDIR/pkgconfig/xent.pc
$DOCDIR/LICENSE
$DOCDIR/README.md
EOS
diff expected found || fail "< is expected, > is installed"
