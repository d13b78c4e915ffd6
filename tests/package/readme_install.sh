# README's way from `cmake --install` with the default prefix to a program that starts, in a mount namespace where /usr/local has nothing
# but libxent and /etc/ld.so.cache is a copy. Before the commands that follow the installation in README the loader does not find it.
. "$SOURCE_DIR/tests/package/common.sh"
PATH=$PATH:/usr/sbin:/sbin
for tool in pkg-config unshare ldconfig; do need $tool; done
unshare --map-root-user --mount true 2>/dev/null || { echo "skipped: this system gives nobody a mount namespace"; exit 77; }
unset PKG_CONFIG_PATH
case ":$(pkg-config --variable=pc_path pkg-config):" in
*":/usr/local/$LIBDIR/pkgconfig:"*) ;;
*) echo "skipped: this pkg-config does not search /usr/local/$LIBDIR"; exit 77 ;;
esac
case "$CC:$(command -v pkg-config)" in
*/usr/local/*) echo "skipped: the tools are in /usr/local"; exit 77 ;;
esac
. "$package/readme_program.sh"
awk '/^## Install it/ { here = 1 } here && /^```/ { if (inside) exit; inside = 1; next } inside && installed; inside && /^cmake --install / { installed = 1 }' \
    "$readme" >afterwards

without_pkg_config=$(sed -n 's/.*`\(cc loss\.c -lxent [^`]*\)`.*/\1/p' "$readme")
[ -n "$without_pkg_config" ] || fail "README.md does not say how to compile without pkg-config"

mkdir empty cache
DESTDIR=$WORK_DIR/stage "$CMAKE" --install "$BUILD_DIR" --config "$CONFIG" --prefix /usr/local >installed
cp -R /etc etc 2>/dev/null || : # some files are root's alone
cat >inside <<'EOS'
set -eu
mount --bind etc /etc
[ ! -d /var/cache/ldconfig ] || mount --bind cache /var/cache/ldconfig
mount --bind empty /usr/local
ldconfig
mount --bind stage/usr/local /usr/local
sh -c "$1"
if ./loss 2>message; then echo "the program starts without the commands that README.md gives"; exit 1; fi
grep 'error while loading shared libraries: libxent' message
sh -eu afterwards
./loss >printed
sh -c "$2"
./loss >printed_again
EOS
PATH=$WORK_DIR/bin:$PATH unshare --map-root-user --mount sh inside "$command" "$without_pkg_config" || fail "README.md's commands do not lead to a program that starts"
cmp printed printed_again || fail "with \"$without_pkg_config\" it prints something else"
[ "$(cat printed)" = "$expected" ] || fail "it prints \"$(cat printed)\", and README.md says \"$expected\""
