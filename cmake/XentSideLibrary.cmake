# xent_side_library(<name> <description> SOURCES <file>... [LIBRARIES <library>...] [INCLUDES <directory>...])
#
# A small shared library beside libxent, libxent-<name>, which connects it to something that libxent itself does without: header
# include/xent_<name>.h, exported names cmake/xent_<name>.map, target xent_<name>, or xent::<name> as others meet it; in an installed tree
# the component <name> of find_package and the module xent-<name> of pkg-config. XENT_SIDE_LIBRARIES has the names of those that are built.
function(xent_side_library name description)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;LIBRARIES;INCLUDES")
  set(target xent_${name})
  set(map "${PROJECT_SOURCE_DIR}/cmake/xent_${name}.map")
  add_library(${target} SHARED ${arg_SOURCES})
  add_library(xent::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>")
  target_include_directories(${target} SYSTEM PRIVATE ${arg_INCLUDES})
  target_link_libraries(${target} PRIVATE ${arg_LIBRARIES})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME xent-${name} EXPORT_NAME ${name} VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR} WINDOWS_EXPORT_ALL_SYMBOLS ON)
  xent_export(${target} "${map}")
  set_property(GLOBAL APPEND PROPERTY XENT_SIDE_LIBRARIES ${name})
  set_property(GLOBAL PROPERTY XENT_SIDE_DESCRIPTION_${name} "${description}")
endfunction()
