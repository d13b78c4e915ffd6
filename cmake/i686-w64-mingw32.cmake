# Cross-compiling for Windows on 32-bit x86, on Debian:
#     apt-get install gcc-mingw-w64-i686-win32
#     cmake -B build-windows --toolchain cmake/i686-w64-mingw32.cmake -DXENT_BUILD_TESTS=OFF
# sh tests/windows.sh has the tests too, and runs them under Wine.
set(CMAKE_SYSTEM_PROCESSOR i686)
include("${CMAKE_CURRENT_LIST_DIR}/mingw.cmake")
