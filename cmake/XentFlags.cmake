# Flags for every C file here: library, tests and examples.

# A product and a sum are fused where the source says fma and nowhere else: the bits of every result depend on it.
add_compile_options(-ffp-contract=off)

# 32-bit x86 would compute in the x87's 80 bits.
include(CheckCSourceCompiles)
check_c_source_compiles("
  #ifndef __i386__
  #error not 32-bit x86
  #endif
  int main(void) { return 0; }" XENT_TARGET_IS_I386)
if(XENT_TARGET_IS_I386)
  add_compile_options(-msse2 -mfpmath=sse)
endif()

# On s390x, ISO C to GCC means float expressions in double.
check_c_source_compiles("
  #if !defined __s390x__ || defined __clang__
  #error not GCC on s390x
  #endif
  int main(void) { return 0; }" XENT_TARGET_IS_S390X_GCC)
if(XENT_TARGET_IS_S390X_GCC)
  add_compile_options(-fexcess-precision=fast)
endif()

# Warnings are for those who work on the library; CMAKE_COMPILE_WARNING_AS_ERROR=ON makes them errors.
if(PROJECT_IS_TOP_LEVEL)
  add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow)
endif()
