#!/bin/sh
# sh tests/package/gates/autopkgtest.sh <directory with the packages>
# Installs the packages on this machine and runs debian/tests against them: for containers that are thrown away.
set -eu
. "$(dirname "$0")/../../../cmake/provide.sh"
command -v autopkgtest >/dev/null || install_packages apt-get autopkgtest
# 8 would say that no test was run.
as_root autopkgtest --no-built-binaries "$1"/*.deb "$1"/*.dsc -- null
