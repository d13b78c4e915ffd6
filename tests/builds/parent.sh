# A parent project's settings, which CMake hands down, change no result and break no build.
. "$SOURCE_DIR/tests/builds/common.sh"
parent=$SOURCE_DIR/tests/builds/parent

# try <settings> <option>...
try()
{
    settings=$1
    shift
    configure "$parent" "$settings" -DXENT_SOURCE_DIR="$SOURCE_DIR" -DSETTINGS="$settings" "$@"
    sed -n 's/^-- \(link-time optimisation: .*\)/\1/p' "$settings.log"
    build "$settings" --config Release
    for library in xent xent_static; do same_bits "$settings/${library}_bits"; done
}

# A generator of several configurations at once, where there is one.
several=$GENERATOR
if command -v ninja >/dev/null; then several="Ninja Multi-Config"; fi
try one -G "$several" -DCMAKE_BUILD_TYPE=Release
try other -G "$GENERATOR" -DCMAKE_BUILD_TYPE=Release -DXENT_ENABLE_AVX2=OFF

configure "$parent" refused -DXENT_SOURCE_DIR="$SOURCE_DIR" -DSETTINGS=refused -G "$GENERATOR"
if "$CMAKE" --build refused --target xent_backend_scalar >refusal 2>&1; then fail "flags that come last are not refused"; fi
grep -q "libxent's results" refusal || { cat refusal; fail "flags that come last are not refused in so many words"; }
