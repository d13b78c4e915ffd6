include(CheckCSourceCompiles)

# xent_backend(<name> <macro> [<flag>...])
#
# Adds src/kernels/backend_<name>.c to the library, compiled with these flags, where the compiler defines <macro> under them,
# which says in one test that it knows them and that the target has that instruction set. XENT_ENABLE_<NAME>=OFF leaves the
# backend out. src/dispatch learns of it by XENT_HAVE_<NAME>, the tests by the global property XENT_BACKENDS.
function(xent_backend name macro)
  string(TOUPPER "${name}" NAME)
  list(JOIN ARGN " " CMAKE_REQUIRED_FLAGS)
  check_c_source_compiles("
    #ifndef ${macro}
    #error not here
    #endif
    int main(void) { return 0; }" XENT_CAN_BUILD_${NAME})
  option(XENT_ENABLE_${NAME} "Build the ${name} backend" ${XENT_CAN_BUILD_${NAME}})
  if(NOT XENT_ENABLE_${NAME})
    return()
  endif()
  if(NOT XENT_CAN_BUILD_${NAME})
    message(FATAL_ERROR "XENT_ENABLE_${NAME} is ON, but this compiler cannot build for ${name}.")
  endif()

  # Link-time optimisation may move code of this file into functions that run on any CPU.
  set_source_files_properties(kernels/backend_${name}.c PROPERTIES COMPILE_OPTIONS "${ARGN};-fno-lto")
  set_property(GLOBAL APPEND PROPERTY XENT_BACKENDS ${name})
  foreach(library IN ITEMS xent xent_static)
    target_sources(${library} PRIVATE kernels/backend_${name}.c)
    target_compile_definitions(${library} PRIVATE XENT_HAVE_${NAME})
  endforeach()
endfunction()
