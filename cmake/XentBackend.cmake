include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

# xent_backend(<name> <macro> [FLAGS <flag>...])
#
# Adds src/kernels/backend_<name>.c to both libraries, compiled once with these flags, where the compiler defines <macro> under them,
# which says in one test that it knows them and that the target has that instruction set. XENT_ENABLE_<NAME>=OFF leaves the
# backend out. src/dispatch learns of it by XENT_HAVE_<NAME>, the tests by the global property XENT_BACKENDS, and of the flags by
# XENT_FLAGS_<NAME>.
function(xent_backend name macro)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "FLAGS")
  string(TOUPPER "${name}" NAME)
  list(JOIN arg_FLAGS " " CMAKE_REQUIRED_FLAGS)
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

  # The same loop took up to 6 % longer where it began elsewhere in a line (Zen 3), which changed with every edit before it.
  check_c_compiler_flag(-falign-loops=64 XENT_CAN_ALIGN_LOOPS)
  if(XENT_CAN_ALIGN_LOOPS)
    list(APPEND arg_FLAGS -falign-loops=64)
  endif()

  # A target of its own, so that the flags reach no other file: Meson, for one, gives all files of a CMake target the flags of each.
  # Link-time optimisation may move code of this file into functions that run on any CPU.
  add_library(xent_backend_${name} OBJECT kernels/backend_${name}.c)
  xent_compile(xent_backend_${name})
  target_compile_options(xent_backend_${name} PRIVATE ${arg_FLAGS} -fno-lto)
  set_property(GLOBAL PROPERTY XENT_FLAGS_${NAME} ${arg_FLAGS} -fno-lto)
  set_property(GLOBAL APPEND PROPERTY XENT_BACKENDS ${name})
  foreach(library IN ITEMS xent xent_static)
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:xent_backend_${name}>)
  endforeach()
  target_compile_definitions(xent_objects PRIVATE XENT_HAVE_${NAME})
endfunction()
