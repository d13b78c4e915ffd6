# Cross-compiling for aarch64 on Debian, tests under qemu-user:
#     dpkg --add-architecture arm64 && apt-get update
#     apt-get install gcc-aarch64-linux-gnu qemu-user libcmocka-dev:arm64
#     cmake -B build-aarch64 --toolchain cmake/aarch64-linux-gnu.cmake -DXENT_CMOCKA_INCLUDE_DIR=/usr/include \
#         -DXENT_CMOCKA_LIBRARY=/usr/lib/aarch64-linux-gnu/libcmocka.so
#     XENT_TEST_EFFORT=0.1 ctest --test-dir build-aarch64 -R '^(unit|golden|property)/'
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=/usr/lib/aarch64-linux-gnu)
