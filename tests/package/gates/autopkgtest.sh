#!/bin/sh
# sh tests/package/gates/autopkgtest.sh <directory with the packages>
# Installs the packages on this machine, runs debian/tests against them and removes them again. What debian/tests needs is installed
# and stays: for containers that are thrown away.
set -eu
. "$(dirname "$0")/../../../cmake/provide.sh"
command -v autopkgtest >/dev/null || install_packages apt-get autopkgtest
status=0
as_root autopkgtest --no-built-binaries "$1"/*.deb "$1"/*.dsc -- null || status=$?
# What was tested next would find them.
as_root apt-get purge -qq -y libxent0 libxent-dev libxent-doc
exit $status
