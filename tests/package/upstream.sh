# cmake/packaging/upstream is what all files say that name libxent's address and mail; upstream.sh writes it to them, and no release is
# made before it has been set.
. "$SOURCE_DIR/tests/package/common.sh"
sh "$SOURCE_DIR/cmake/packaging/upstream.sh" --check || fail "files say something else than cmake/packaging/upstream"

if sh "$SOURCE_DIR/cmake/packaging/upstream.sh" --help 2>said; then fail "upstream.sh takes --help for an order to write"; fi
grep -q '^usage: sh cmake/packaging/upstream.sh ' said || fail "upstream.sh does not say how it is called"

mkdir checkout
for part in CMakeLists.txt README.md cmake docs; do cp -R "$SOURCE_DIR/$part" checkout; done
cd checkout

# set_upstream <url> <mail>
set_upstream()
{
    sed "s,^url=.*,url=$1,; s,^mail=.*,mail=$2," cmake/packaging/upstream >../upstream
    cp ../upstream cmake/packaging/upstream
}

# named: files that have a line of an address in them that only an example has
named()
{
    grep -rl 'example\.org\|\.invalid\>' . | grep -v '^./cmake/packaging/\(upstream\|source\.sh\)$' | sort
}

set_upstream https://example.org/libxent libxent@example.org
sh cmake/packaging/upstream.sh >/dev/null
[ "$(named | wc -l)" -ge 6 ] || fail "only these name the address: $(named)"
version=$(sed -n 's/^project(xent VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
sed "s/^## \[Unreleased\]$/## [$version] - 2026-12-01/" docs/changelog.md >../changelog
cp ../changelog docs/changelog.md
for script in release debian rpm; do
    ended=0
    sh "cmake/packaging/$script.sh" ../out >../said 2>&1 || ended=$?
    cat ../said
    [ $ended -eq 1 ] && grep -q 'set url and mail in cmake/packaging/upstream' ../said || fail "$script.sh ends with $ended, before the address is set"
done

set_upstream https://code.example.net/us/libxent xent+bugs@lists.example.net
if sh cmake/packaging/upstream.sh --check >../said 2>&1; then fail "--check sees no difference"; fi
[ "$(grep -c 'does not say' ../said)" -eq 8 ] || { cat ../said; fail "--check does not name each place"; }
sh cmake/packaging/upstream.sh
sh cmake/packaging/upstream.sh --check
[ -z "$(named)" ] || fail "these still name an example's address: $(named)"
cat >cmake/packaging/dates.sh <<'EOS'
. "$(dirname "$0")/source.sh"
source_dates
echo "$version"
EOS
[ "$(sh -eu cmake/packaging/dates.sh)" = "$version" ] || fail "with the address set there still is no release"

for wrong in "http://code.example.net/libxent xent@example.net" "https://code.example.net/libxent.git xent@example.net" \
    "https://code.example.net/lib+xent xent@example.net" "https://code.example.net/libxent nobody"; do
    # shellcheck disable=SC2086
    set_upstream $wrong
    if sh cmake/packaging/upstream.sh >../said 2>&1; then fail "it takes $wrong"; fi
    grep -q 'expected' ../said || fail "it does not say what is wrong with $wrong"
done
