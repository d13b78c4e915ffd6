# Cross-compiling for Windows on x86-64, on Debian:
#     apt-get install gcc-mingw-w64-x86-64-win32
#     cmake -B build-windows --toolchain cmake/x86_64-w64-mingw32.cmake -DXENT_BUILD_TESTS=OFF
# sh tests/windows.sh has the tests too, and runs them under Wine.
set(CMAKE_SYSTEM_PROCESSOR x86_64)
include("${CMAKE_CURRENT_LIST_DIR}/mingw.cmake")
