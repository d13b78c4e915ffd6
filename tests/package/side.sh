# A library beside libxent, libxent-$SIDE: by find_package with the component of this name, and by pkg-config. Its own header, its exported
# functions and its SONAME are the ones that it should have; a component that there is not is refused.
. "$SOURCE_DIR/tests/package/common.sh"
library=$PREFIX/$LIBDIR/libxent-$SIDE.so
configure "$package/consumer" build -DCMAKE_PREFIX_PATH="$PREFIX" -DXENT_COMPONENTS="$SIDE"
"$CMAKE" --build build
$EMULATOR "./build/consumer_$SIDE"
if configure "$package/consumer" other -DCMAKE_PREFIX_PATH="$PREFIX" -DXENT_COMPONENTS="no_such" >/dev/null 2>&1; then
    fail "a component that there is not was found"
fi

sed -n 's/^ *\(xent_[a-z_]*\);$/\1/p' "$SOURCE_DIR/cmake/xent_$SIDE.map" | sort >mapped
grep -o 'xent_[a-z_]*(void' "$PREFIX/$INCLUDEDIR/xent_$SIDE.h" | tr -d '(' | sed 's/void$//' | sort >declared
diff mapped declared || fail "< is in the map, > in the header"
if command -v nm >/dev/null; then
    nm -D --defined-only "$library" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort >exported
    diff mapped exported || fail "< is in the map, > is exported"
fi

need pkg-config
# shellcheck disable=SC2046,SC2086
"$CC" $CFLAGS "-DHEADER=<xent_$SIDE.h>" "-DGEMM=xent_${SIDE}_gemm" "$package/consumer/gemm.c" $(pkg-config --cflags --libs "xent-$SIDE") -o consumer
LD_LIBRARY_PATH="$PREFIX/$LIBDIR" $EMULATOR ./consumer
grep -q "libxent-$SIDE\.so\.0" consumer || fail "it is not linked with libxent-$SIDE.so.0"
