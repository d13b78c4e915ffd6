# Cross-compiling for aarch64 on Debian, tests under qemu-user:
#     dpkg --add-architecture arm64 && apt-get update
#     apt-get install gcc-aarch64-linux-gnu qemu-user libcmocka-dev:arm64
#     cmake -B build-aarch64 --toolchain cmake/aarch64-linux-gnu.cmake
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
# cmocka brings libc6:arm64 along, whose loader is where programs look for it. With -L the loader would be the cross compiler's and
# libc the other: two builds that disagree about the threads they share, and pthread_create does not return.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
