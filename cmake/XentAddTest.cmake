# xent_add_test(<name> [SOURCES <file>...] [PER_BACKEND] [INTERNAL] [ARGS <argument>...] [LABELS <label>...])
#
# A test program made of <name>.c of the calling directory (or of SOURCES), with cmocka and tests/support, under the CTest name
# <directory>/<name>; its label is the directory of tests/ that it lies in ("unit" for tests/unit/values). Its target is
# <directory>_<name>.
#   PER_BACKEND  once for each backend of this build, as <directory>/<name>/<backend>, with XENT_BACKEND set to it; exit code 77
#                says that this CPU cannot run it; the backend is a label of its test
#   INTERNAL     tests what the public header does not show: links the static library and finds the headers under src/ by their
#                room ("args/errors.h"). Others use the shared library, as programs do.
#   ARGS         command line
#   LABELS       what the test is for, where a build is given a part of the tests; the target tests_<label> builds those of a label
#                  bits      holds the results to recorded answers, to the bit or to their bounds, or one backend to another
#                  target    looks at what targets have differently: sizes, alignments, floating-point control words, and the bits
#                  threads   has several threads in the library at once: what a race detector is for
#                  accuracy  measures results that are the same bits wherever the tests labelled bits pass
function(xent_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PER_BACKEND;INTERNAL" "" "SOURCES;ARGS;LABELS")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "xent_add_test(${name}): ${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  if(NOT arg_SOURCES)
    set(arg_SOURCES ${name}.c)
  endif()
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME room)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/tests" OUTPUT_VARIABLE label)
  string(REGEX REPLACE "/.*" "" label "${label}")

  set(target ${room}_${name})
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE xent_test_support)
  if(arg_INTERNAL)
    target_link_libraries(${target} PRIVATE xent::xent_static)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  else()
    target_link_libraries(${target} PRIVATE xent::xent)
  endif()

  foreach(purpose IN LISTS arg_LABELS)
    if(NOT TARGET tests_${purpose})
      add_custom_target(tests_${purpose})
    endif()
    add_dependencies(tests_${purpose} ${target})
  endforeach()

  # The environment of whoever runs CTest must not choose for the tests. A test that runs itself once more needs the emulator.
  list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
  set(environment "XENT_NUM_THREADS=unset:;XENT_TEST_EMULATOR=set:${emulator}")
  if(arg_PER_BACKEND)
    get_property(backends GLOBAL PROPERTY XENT_BACKENDS)
    foreach(backend IN LISTS backends)
      add_test(NAME ${room}/${name}/${backend} COMMAND ${target} ${arg_ARGS})
      set_tests_properties(${room}/${name}/${backend} PROPERTIES SKIP_RETURN_CODE 77
        LABELS "${label};${backend};${arg_LABELS}"
        ENVIRONMENT_MODIFICATION "XENT_BACKEND=set:${backend};${environment}")
    endforeach()
  else()
    add_test(NAME ${room}/${name} COMMAND ${target} ${arg_ARGS})
    set_tests_properties(${room}/${name} PROPERTIES SKIP_RETURN_CODE 77
      LABELS "${label};${arg_LABELS}"
      ENVIRONMENT_MODIFICATION "XENT_BACKEND=unset:;${environment}")
  endif()
endfunction()
