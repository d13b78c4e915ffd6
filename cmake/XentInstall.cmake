include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/xent")
install(TARGETS xent xent_static EXPORT xentTargets INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
get_property(sides GLOBAL PROPERTY XENT_SIDE_LIBRARIES)
set(headers xent xent_dlpack xent_mpi)
foreach(side IN LISTS sides)
  list(APPEND headers xent_${side})
endforeach()
foreach(header IN LISTS headers)
  install(FILES "${PROJECT_SOURCE_DIR}/include/${header}.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endforeach()
include(cmake/XentLinks.cmake)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/README.md")
file(COPY "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md" DESTINATION "${PROJECT_BINARY_DIR}/doc")
xent_plain_links("${PROJECT_BINARY_DIR}/doc")
install(FILES "${PROJECT_BINARY_DIR}/doc/LICENSE" "${PROJECT_BINARY_DIR}/doc/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
include(cmake/XentManual.cmake)
unset(headers)

# find_package(xent CONFIG). Minor versions may differ incompatibly while the major one is 0.
install(EXPORT xentTargets NAMESPACE xent:: DESTINATION "${package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/xentConfig.cmake.in" "${PROJECT_BINARY_DIR}/xentConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/xentConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/xentConfig.cmake" "${PROJECT_BINARY_DIR}/xentConfigVersion.cmake"
  DESTINATION "${package_dir}")

# pkg-config. The prefix is found from where xent.pc lies, so the installed tree may be moved; with an absolute library
# directory that way back is not known, and the prefix is the configured one.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  set(PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
else()
  file(RELATIVE_PATH way_back "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  string(REGEX REPLACE "/$" "" PC_PREFIX "\${pcfiledir}/${way_back}")
  set(PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
else()
  set(PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/xent.pc.in" "${PROJECT_BINARY_DIR}/xent.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/xent.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# Each library beside it (cmake/XentSideLibrary.cmake): a component of find_package(xent), whose file is that of its target.
foreach(SIDE IN LISTS sides)
  get_property(SIDE_DESCRIPTION GLOBAL PROPERTY XENT_SIDE_DESCRIPTION_${SIDE})
  install(TARGETS xent_${SIDE} EXPORT xent_${SIDE} INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT xent_${SIDE} NAMESPACE xent:: DESTINATION "${package_dir}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/xent-side.pc.in" "${PROJECT_BINARY_DIR}/xent-${SIDE}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/xent-${SIDE}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
unset(sides)
include(cmake/XentInstallMpi.cmake)

# Who installs sees what the loader will say otherwise. Packages (DESTDIR) and directories that it searches by itself need no word.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND PROJECT_IS_TOP_LEVEL)
  install(CODE "
    if(\"\$ENV{DESTDIR}\" STREQUAL \"\" AND NOT \"\${CMAKE_INSTALL_PREFIX}\" STREQUAL \"/usr\")
      message(STATUS \"If programs do not find libxent.so.${PROJECT_VERSION_MAJOR} when they start, run ldconfig as root, or have \"
        \"LD_LIBRARY_PATH name the directory\")
    endif()")
endif()
