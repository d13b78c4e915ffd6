# What `cmake --install` lays down, and nothing else: of the manual a file for each function and type of the header, documents without a
# dead link. The other scripts use this prefix.
. "$SOURCE_DIR/tests/package/common.sh"
rm -rf "$PREFIX"
"$CMAKE" --install "$BUILD_DIR" --config "$CONFIG" --prefix "$PREFIX"

(cd "$PREFIX" && find . ! -type d) | sed 's,^\./,,' | sort >found
names=$(sed -n 's/^ *\(xent_[a-z_]*\);$/\1/p' "$SOURCE_DIR/cmake/xent.map"
    sed -n 's/^} \(xent_[a-z]*\);$/\1/p; s/^typedef .*[ *]\(xent_[a-z_]*\)\()(.*)\)*;$/\1/p' "$SOURCE_DIR/include/xent.h"
    sed -n 's/^static inline .*[ *]\(xent_[a-z_]*\)(.*/\1/p' "$SOURCE_DIR/include/xent_dlpack.h")
[ "$(echo "$names" | wc -l)" -gt 40 ] || fail "the names in xent.map and xent.h were not understood"
sed '/^$/d' <<EOS | sort >expected
$(for name in libxent $names; do echo "$MANDIR/man3/$name.3"; done)
$([ "$TOOL" -eq 0 ] || printf '%s\n' "$BINDIR/xent" "$MANDIR/man1/xent.1" "$DATADIR/bash-completion/completions/xent")
$INCLUDEDIR/xent.h
$INCLUDEDIR/xent_dlpack.h
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
sh "$package/dead_links.sh" "$PREFIX/$DOCDIR" || fail "the installed documents link to what is not installed"

# The program finds the library beside it, wherever the tree stands.
[ "$TOOL" -eq 0 ] || $EMULATOR "$PREFIX/$BINDIR/xent" --version | grep -qx "xent $VERSION" || fail "the program does not run where it is installed"
