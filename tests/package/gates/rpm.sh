#!/bin/sh
# sh tests/package/gates/rpm.sh [<output directory>]
# On Debian 12: cmake/packaging/rpm.sh builds the RPM packages with rpmbuild --nodeps, rpmlint finds nothing, and a program that is
# built with what they install prints the notebook's loss; a program of each MPI can be built. Leaves the packages in the output directory.
set -eu
. "$(dirname "$0")/begin.sh"
mkdir "$work/installed"

{ command -v rpmbuild && command -v rpmlint && command -v rpm2archive && provide cc pkg-config; } >/dev/null ||
    demand_packages apt-get rpm rpmlint
# Other gates run the tests.
sh "$root/cmake/packaging/rpm.sh" "$out" --without tests
rpmlint --config "$root/cmake/packaging/rpm/rpmlint.toml" "$out"/*.rpm | tee "$work/said"
grep -q ' 11 packages and 0 specfiles checked; 0 errors, 0 warnings' "$work/said"

# Where the program is not built there is no package of it: a big-endian machine.
sed 's/@VERSION@/1/; s/@DATE@/Thu Jan 01 2026/' "$root/cmake/packaging/rpm/libxent.spec.in" >"$work/libxent.spec"
rpmspec -q --target s390x --queryformat '%{name}\n' "$work/libxent.spec" >"$work/listed"
grep -qx libxent "$work/listed" && ! grep -qx xent "$work/listed" || { cat "$work/listed"; echo "these are not the packages of s390x"; exit 1; }

for package in "$out"/*.x86_64.rpm; do
    rpm2archive - <"$package" | tar -C "$work/installed" -xzf -
done
mkdir "$work/documents"
rpm2archive - <"$(find "$out" -name 'libxent-doc-*.rpm')" | tar -C "$work/documents" -xzf -
sh "$root/tests/package/dead_links.sh" "$work/documents"
export PKG_CONFIG_SYSROOT_DIR="$work/installed" PKG_CONFIG_PATH="$work/installed/usr/lib64/pkgconfig"
# shellcheck disable=SC2046
cc "$root/tests/package/consumer/consumer.c" $(pkg-config --cflags --libs xent) -o "$work/consumer"
LD_LIBRARY_PATH="$work/installed/usr/lib64" "$work/consumer"
LD_LIBRARY_PATH="$work/installed/usr/lib64" "$work/installed/usr/bin/xent" --version
for mpi in openmpi mpich; do
    "mpicc.$mpi" -I"$work/installed/usr/include" "$root/docs/examples/mpi/train.c" -L"$work/installed/usr/lib64" "-lxent-mpi-$mpi" \
        -lxent -lm -o "$work/train_$mpi"
done
