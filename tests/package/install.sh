# What `cmake --install` lays down, and nothing else: of the manual a file for each function and type of the header, documents without a
# dead link. The other scripts use this prefix.
. "$SOURCE_DIR/tests/package/common.sh"
rm -rf "$PREFIX"
"$CMAKE" --install "$BUILD_DIR" --config "$CONFIG" --prefix "$PREFIX"

(cd "$PREFIX" && find . ! -type d) | sed 's,^\./,,' | sort >found
names=$(sed -n 's/^ *\(xent_[a-z_]*\);$/\1/p' "$SOURCE_DIR/cmake/xent.map"
    sed -n 's/^} \(xent_[a-z]*\);$/\1/p; s/^typedef .*[ *]\(xent_[a-z_]*\)\()(.*)\)*;$/\1/p
         s/^typedef .*(\*\(xent_[a-z_]*\))(.*,$/\1/p' "$SOURCE_DIR/include/xent.h"
    sed -n 's/^static inline .*[ *]\(xent_[a-z_]*\)(.*/\1/p' "$SOURCE_DIR/include/xent_dlpack.h"
    for library in mpi $SIDES; do sed -n 's/^ *\(xent_[a-z_]*\);$/\1/p' "$SOURCE_DIR/cmake/xent_$library.map"; done)
configuration=$(echo "${CONFIG:-noconfig}" | tr '[:upper:]' '[:lower:]')

# mpi_files: what each MPI's libxent-mpi adds
mpi_files()
{
    for mpi in $MPIS; do
        for suffix in a so so.0 "so.$VERSION"; do echo "$LIBDIR/libxent-mpi-$mpi.$suffix"; done
        for part in "" Targets "Targets-$configuration"; do echo "$LIBDIR/cmake/xent/xent_mpi_$mpi$part.cmake"; done
        echo "$LIBDIR/pkgconfig/xent-mpi-$mpi.pc"
    done
}

# side_files: what each of the other libraries adds
side_files()
{
    for side in $SIDES; do
        echo "$INCLUDEDIR/xent_$side.h"
        for suffix in so so.0 "so.$VERSION"; do echo "$LIBDIR/libxent-$side.$suffix"; done
        for part in "" "-$configuration"; do echo "$LIBDIR/cmake/xent/xent_$side$part.cmake"; done
        echo "$LIBDIR/pkgconfig/xent-$side.pc"
    done
}

[ "$(echo "$names" | wc -l)" -gt 40 ] || fail "the names in xent.map and xent.h were not understood"
sed '/^$/d' <<EOS | sort >expected
$(for name in libxent $names; do echo "$MANDIR/man3/$name.3"; done)
$([ "$TOOL" -eq 0 ] || printf '%s\n' "$BINDIR/xent" "$MANDIR/man1/xent.1" "$DATADIR/bash-completion/completions/xent")
$INCLUDEDIR/xent.h
$INCLUDEDIR/xent_dlpack.h
$INCLUDEDIR/xent_mpi.h
$(mpi_files)
$(side_files)
$LIBDIR/cmake/xent/xentConfig.cmake
$LIBDIR/cmake/xent/xentConfigVersion.cmake
$LIBDIR/cmake/xent/xentTargets-$configuration.cmake
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
