# XENT_EMULATE_AVX512=ON: the avx512 backend for a CPU with AVX2, which then passes for one that has AVX-512, so that its tests run
# where they would be skipped. Its intrinsics are those of tests/emulation/immintrin.h; its sources are the ones that are shipped.
find_path(XENT_SIMDE_INCLUDE_DIR simde/x86/avx512.h)
mark_as_advanced(XENT_SIMDE_INCLUDE_DIR)
if(NOT XENT_SIMDE_INCLUDE_DIR)
  message(FATAL_ERROR "XENT_EMULATE_AVX512 needs SIMDe: install it (Debian: libsimde-dev, Fedora: simde-devel, Homebrew: simde).")
endif()

# gcc notes that vectors of 512 bits are passed in other ways with AVX-512 than without it; none are. And what is an instruction elsewhere is a
# copy here, of which it warns that it might write behind an array of rows whose number it does not know.
xent_backend(avx512 __F16C__ -mavx2 -mfma -mf16c -Wno-psabi -Wno-stringop-overflow)
set(includes "${PROJECT_SOURCE_DIR}/tests/emulation" "${XENT_SIMDE_INCLUDE_DIR}")
set(definitions xent_cpu_has_avx512=xent_cpu_has_avx2)
target_include_directories(xent_backend_avx512 PRIVATE "${includes}")
set_source_files_properties(dispatch/select.c PROPERTIES COMPILE_DEFINITIONS "${definitions}")
# For tests that compile primitives or ask the CPU themselves.
set_property(GLOBAL PROPERTY XENT_EMULATION_INCLUDES "${includes}")
set_property(GLOBAL PROPERTY XENT_EMULATION_DEFINITIONS "${definitions}")
