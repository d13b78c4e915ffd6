# Flags for every C file here and for every link: library, tests and examples.
#
# The bits of every result depend on arithmetic that is done as it is written. Whoever builds may ask for another (-ffast-math from a parent
# project, CFLAGS, a toolchain file, or the compiler's own default): CMake puts the flags of a directory behind all of these, and the last
# word counts. src/kernels/arithmetic.h refuses what gets past.
include(CheckCSourceCompiles)

# -Ofast is a level of optimisation, which only another one takes back where clang links.
get_directory_property(compile_options COMPILE_OPTIONS)
get_directory_property(link_options LINK_OPTIONS)
set(before ${CMAKE_C_COMPILER_ARG1} ${CMAKE_C_FLAGS} ${compile_options} ${link_options})
set(linker_flags CMAKE_SHARED_LINKER_FLAGS CMAKE_EXE_LINKER_FLAGS)
foreach(config IN ITEMS ${CMAKE_CONFIGURATION_TYPES} ${CMAKE_BUILD_TYPE})
  string(TOUPPER "${config}" config)
  list(APPEND linker_flags CMAKE_SHARED_LINKER_FLAGS_${config} CMAKE_EXE_LINKER_FLAGS_${config})
  list(APPEND before ${CMAKE_C_FLAGS_${config}})
endforeach()
foreach(variable IN LISTS linker_flags)
  list(APPEND before ${${variable}})
endforeach()
set(level "")
if(before MATCHES "-Ofast")
  set(level -O3)
endif()

# A product and a sum are fused where the source says fma and nowhere else. In clang -fno-fast-math takes that back, with a warning where it
# has been =fast; so it stands on both sides.
set(flags -ffp-contract=off -fno-fast-math -fno-associative-math -fno-reciprocal-math -fno-finite-math-only -fsigned-zeros
  -ffp-contract=off ${level})
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  check_c_source_compiles("
    #ifndef __s390x__
    #error not s390x
    #endif
    int main(void) { return 0; }" XENT_TARGET_IS_S390X)
  if(XENT_TARGET_IS_S390X)
    list(APPEND flags -fexcess-precision=fast) # the standard's way is float expressions in double
  else()
    list(APPEND flags -fexcess-precision=standard)
  endif()
  # In clang -fno-fast-math takes the first back too, and this would ask for -ftrapping-math.
  list(APPEND flags -fno-unsafe-math-optimizations -fno-single-precision-constant)
elseif(CMAKE_C_COMPILER_ID STREQUAL "IntelLLVM")
  list(PREPEND flags -fp-model=precise) # its default is fast
endif()

# The x87 computes in 80 bits, and 32-bit x86 does by itself.
check_c_source_compiles("
  #if !defined __i386__ && !defined __x86_64__
  #error not x86
  #endif
  int main(void) { return 0; }" XENT_TARGET_IS_X86)
if(XENT_TARGET_IS_X86)
  list(APPEND flags -msse2 -mfpmath=sse)
endif()

# As one word: CMake drops a flag that has been there before, and then the last word would be another's.
list(JOIN flags " " flags)
add_compile_options("SHELL:${flags}")
# A link with -ffast-math adds crtfastmath.o, and then whatever loads the library computes without subnormal numbers. CMake 3.25 puts
# LDFLAGS behind a directory's link options, later ones before them.
set(flags "-fno-fast-math -fno-unsafe-math-optimizations ${level}")
add_link_options("SHELL:${flags}")
foreach(variable IN LISTS linker_flags)
  string(APPEND ${variable} " ${flags}")
endforeach()
unset(flags)
unset(linker_flags)
unset(level)
unset(before)
unset(compile_options)
unset(link_options)

# printf of C11, which Windows' own is not.
if(MINGW)
  add_compile_definitions(__USE_MINGW_ANSI_STDIO=1)
endif()

# Warnings are for those who work on the library; CMAKE_COMPILE_WARNING_AS_ERROR=ON makes them errors.
if(PROJECT_IS_TOP_LEVEL)
  add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(MINGW)
    add_compile_options(-Wno-float-conversion) # isnan and its like in mingw-w64's math.h name a double as a float where it is none
  endif()
endif()
