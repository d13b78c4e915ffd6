# xent_plain_links(<directory>)
#
# A document links to what lies beside it in the source. Where a part of the source is installed, a link that leads nowhere becomes its
# text. As a script: cmake -D DIRECTORY=<directory> -P cmake/XentLinks.cmake
cmake_policy(VERSION 3.25)

function(xent_plain_links directory)
  file(GLOB_RECURSE documents "${directory}/*.md")
  foreach(document IN LISTS documents)
    cmake_path(GET document PARENT_PATH beside)
    file(READ "${document}" before)
    set(after "${before}")
    string(REGEX MATCHALL "\\[[^][;]*\\]\\([^();]*\\)" links "${before}")
    foreach(link IN LISTS links)
      string(REGEX REPLACE "^\\[(.*)\\]\\((.*)\\)$" "\\1" text "${link}")
      string(REGEX REPLACE "^\\[.*\\]\\(([^#]*).*\\)$" "\\1" target "${link}")
      if(NOT target STREQUAL "" AND NOT target MATCHES "^[a-z]+:" AND NOT EXISTS "${beside}/${target}")
        string(REPLACE "${link}" "${text}" after "${after}")
      endif()
    endforeach()
    if(NOT after STREQUAL before)
      file(WRITE "${document}" "${after}")
    endif()
  endforeach()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  xent_plain_links("${DIRECTORY}")
endif()
