# xent_export(<target> <map>)
#
# Exactly the functions that the version script names leave a shared library; editing it links again.
function(xent_export target map)
  if(APPLE)
    # The same names, the way this linker wants them.
    set(list "${CMAKE_CURRENT_BINARY_DIR}/${target}.exports")
    file(STRINGS "${map}" names REGEX "^ *xent_[a-z0-9_]+;$")
    list(TRANSFORM names REPLACE "^ *(.*);$" "_\\1\n")
    list(JOIN names "" names)
    file(CONFIGURE OUTPUT "${list}" CONTENT "${names}" @ONLY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${map}")
    target_link_options(${target} PRIVATE "LINKER:-exported_symbols_list,${list}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${list}")
  elseif(UNIX)
    # nodelete: after dlclose nothing that still runs or is registered in here meets unmapped code.
    target_link_options(${target} PRIVATE "LINKER:--version-script=${map}" "LINKER:-z,nodelete")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${map}")
    # clang leaves a sanitizer's run-time to the program, so a sanitized library has undefined symbols.
    if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
      # One word, not LINKER: with clang's -Xlinker in front: AFL++'s compiler, which needs it gone, takes this word alone out.
      target_link_options(${target} PRIVATE -Wl,--no-undefined)
    endif()
  endif()
endfunction()
