# Exactly the functions that cmake/xent.map names leave the shared library; editing the map links it again.
set(map "${PROJECT_SOURCE_DIR}/cmake/xent.map")
if(APPLE)
  # The same names, the way this linker wants them.
  set(list "${CMAKE_CURRENT_BINARY_DIR}/xent.exports")
  file(STRINGS "${map}" names REGEX "^ *xent_[a-z0-9_]+;$")
  list(TRANSFORM names REPLACE "^ *(.*);$" "_\\1\n")
  list(JOIN names "" names)
  file(CONFIGURE OUTPUT "${list}" CONTENT "${names}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${map}")
  target_link_options(xent PRIVATE "LINKER:-exported_symbols_list,${list}")
  set_property(TARGET xent APPEND PROPERTY LINK_DEPENDS "${list}")
elseif(UNIX)
  # nodelete: after dlclose nothing that still runs or is registered in here meets unmapped code.
  target_link_options(xent PRIVATE "LINKER:--version-script=${map}" "LINKER:-z,nodelete")
  set_property(TARGET xent APPEND PROPERTY LINK_DEPENDS "${map}")
  # clang leaves a sanitizer's run-time to the program, so a sanitized library has undefined symbols.
  if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    target_link_options(xent PRIVATE "LINKER:--no-undefined")
  endif()
endif()
