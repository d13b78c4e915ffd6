include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

# xent_kernel_variant(<target> <isa> <source> [<real> [<stored>]])
#
# Adds a variant to the target: src/kernels/<source>.c for this instruction set, type of the arithmetic and type of stored elements, as far as
# it depends on them. The variant is a file that defines these and includes the source; its name tells the objects of a static library apart.
function(xent_kernel_variant target isa source)
  set(variant kernels_${isa}_${source})
  set(content "#define XENT_ISA ${isa}\n")
  if(ARGC GREATER 3)
    string(APPEND content "#define XENT_REAL ${ARGV3}\n")
    set(variant kernels_${isa}_${source}_${ARGV3})
  endif()
  if(ARGC GREATER 4)
    string(APPEND content "#define XENT_STORED ${ARGV4}\n")
    set(variant kernels_${isa}_${source}_${ARGV4})
  endif()
  string(APPEND content "#include \"kernels/${source}.c\"\n")
  set(file "${CMAKE_CURRENT_BINARY_DIR}/variants/${variant}.c")
  file(CONFIGURE OUTPUT "${file}" CONTENT "${content}" @ONLY)
  target_sources(${target} PRIVATE "${file}")
endfunction()

# xent_kernels(<isa> [<flag>...])
#
# Adds the kernels of an instruction set to both libraries, compiled once with these flags. They are a target of their own, so that the
# flags reach no other file: Meson, for one, gives all files of a CMake target the flags of each.
function(xent_kernels isa)
  set(target xent_backend_${isa})
  add_library(${target} OBJECT)
  xent_compile(${target})
  target_compile_options(${target} PRIVATE ${ARGN})
  if(XENT_BUILD_FUZZ)
    target_compile_options(${target} PRIVATE ${XENT_FUZZ_KERNEL_FLAGS})
  endif()
  xent_kernel_variant(${target} ${isa} backend)
  xent_kernel_variant(${target} ${isa} real f32)
  xent_kernel_variant(${target} ${isa} real f64)
  xent_kernel_variant(${target} ${isa} stored f32 f32)
  xent_kernel_variant(${target} ${isa} stored f64 f64)
  xent_kernel_variant(${target} ${isa} stored f32 f16)
  xent_kernel_variant(${target} ${isa} stored f32 bf16)
  xent_kernel_variant(${target} ${isa} stats f32 f32)
  xent_kernel_variant(${target} ${isa} stats f64 f64)
  xent_kernel_variant(${target} ${isa} stats f32 f16)
  xent_kernel_variant(${target} ${isa} stats f32 bf16)
  set_property(GLOBAL APPEND PROPERTY XENT_BACKENDS ${isa})
  foreach(library IN ITEMS xent xent_static)
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:${target}>)
  endforeach()
endfunction()

# xent_backend(<isa> <macro> [<flag>...])
#
# Adds the backend of an instruction set that not every CPU has, where the compiler defines <macro> under these flags, which says in one
# test that it knows them and that the target has that instruction set. XENT_ENABLE_<ISA>=OFF leaves the backend out. src/dispatch learns
# of it by XENT_HAVE_<ISA>, the tests by the global property XENT_BACKENDS, and of the flags by XENT_FLAGS_<ISA>.
function(xent_backend isa macro)
  string(TOUPPER "${isa}" ISA)
  set(flags ${ARGN})
  # On 64-bit Windows the stack is aligned to 16 bytes, and gcc moves vectors of 32 and 64 bytes to it as if it were aligned to those (gcc's
  # bug 54412). The assembler can write all such moves as unaligned ones, from binutils 2.38 on; an older one has no such backend.
  if(WIN32 AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    list(APPEND flags -Wa,-muse-unaligned-vector-move)
  endif()
  list(JOIN flags " " CMAKE_REQUIRED_FLAGS)
  check_c_source_compiles("
    #ifndef ${macro}
    #error not here
    #endif
    int main(void) { return 0; }" XENT_CAN_BUILD_${ISA})
  option(XENT_ENABLE_${ISA} "Build the ${isa} backend" ${XENT_CAN_BUILD_${ISA}})
  if(NOT XENT_ENABLE_${ISA})
    return()
  endif()
  if(NOT XENT_CAN_BUILD_${ISA})
    message(FATAL_ERROR "XENT_ENABLE_${ISA} is ON, but this compiler cannot build for ${isa}.")
  endif()

  # Link-time optimisation may move code of these variants into functions that run on any CPU.
  list(APPEND flags -fno-lto)
  # The same loop took up to 6 % longer where it began elsewhere in a line (Zen 3), which changed with every edit before it.
  check_c_compiler_flag(-falign-loops=64 XENT_CAN_ALIGN_LOOPS)
  if(XENT_CAN_ALIGN_LOOPS)
    list(APPEND flags -falign-loops=64)
  endif()

  xent_kernels(${isa} ${flags})
  set_property(GLOBAL PROPERTY XENT_FLAGS_${ISA} ${flags})
  target_compile_definitions(xent_objects PRIVATE XENT_HAVE_${ISA})
endfunction()
