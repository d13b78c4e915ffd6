#!/bin/sh
# sh tests/package/gates/autopkgtest.sh <directory with the packages>
# Installs the packages on this machine, runs debian/tests against them and removes them again. What debian/tests needs is installed
# and stays: for containers that are thrown away.
set -eu
. "$(dirname "$0")/../../../cmake/provide.sh"
describe "$@"
command -v autopkgtest >/dev/null || demand_packages apt-get autopkgtest
# A list of packages that cannot be fetched is the end of the test. Other gates may have added architectures, whose lists are not needed here.
only_this=$(mktemp)
printf 'APT::Architectures { "%s"; };\n' "$(dpkg --print-architecture)" >"$only_this"
chmod 644 "$only_this"
status=0
as_root env APT_CONFIG="$only_this" autopkgtest --no-built-binaries "$1"/*.deb "$1"/*.dsc -- null || status=$?
rm "$only_this"
# What was tested next would find them.
as_root apt-get purge -qq -y libxent0 libxent-dev libxent-doc libxent-blas0 libxent-blas-dev libxent-mpi-openmpi0 libxent-mpi-openmpi-dev \
    libxent-mpi-mpich0 libxent-mpi-mpich-dev xent
exit $status
