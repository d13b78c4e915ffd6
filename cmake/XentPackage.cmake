# cpack: a .tar.gz of what is installed, for systems without packages of it. It may be unpacked anywhere: neither pkg-config nor
# find_package need to know where. The source tarball is cmake/packaging/release.sh's.
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_NAME libxent)
set(CPACK_PACKAGE_VENDOR "libxent authors")
set(CPACK_PACKAGE_FILE_NAME "libxent-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_VERBATIM_VARIABLES ON)
# What goes to an absolute directory would not be in the archive: CPack then makes none, and names it.
set(CPACK_ERROR_ON_ABSOLUTE_INSTALL_DESTINATION ON)
include(CPack)
