# The version stands in project(); a release that forgets the header does not configure.
set(header "${PROJECT_SOURCE_DIR}/include/xent.h")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")

file(STRINGS "${header}" lines REGEX "^#define XENT_VERSION_(MAJOR|MINOR|PATCH|STRING) ")
set(expected
  "#define XENT_VERSION_MAJOR ${PROJECT_VERSION_MAJOR}"
  "#define XENT_VERSION_MINOR ${PROJECT_VERSION_MINOR}"
  "#define XENT_VERSION_PATCH ${PROJECT_VERSION_PATCH}"
  "#define XENT_VERSION_STRING \"${PROJECT_VERSION}\"")
if(NOT lines STREQUAL expected)
  list(JOIN lines "\n  " lines)
  message(FATAL_ERROR "include/xent.h is not of version ${PROJECT_VERSION}, which CMakeLists.txt states:\n  ${lines}")
endif()
unset(header)
unset(lines)
unset(expected)
