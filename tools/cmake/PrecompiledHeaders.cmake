# What nearly every file includes, read once instead of in each of 700 files: a quarter of the time of a sanitizer build.
# Only for clang under a sanitizer: the release build reads what files really include, so a missing #include fails there.
set(SPIKELOOM_PRECOMPILE OFF)
if(SPIKELOOM_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(SPIKELOOM_PRECOMPILE ON)
endif()

# clang's files name each other by time unless told not to, and ccache then finds nothing.
if(SPIKELOOM_PRECOMPILE AND CMAKE_CXX_COMPILER_LAUNCHER STREQUAL SPIKELOOM_CCACHE AND SPIKELOOM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${SPIKELOOM_CCACHE})
endif()

set(SPIKELOOM_COMMON_HEADERS <algorithm> <array> <cmath> <compare> <cstddef> <cstdint> <functional> <limits> <map>
  <memory> <optional> <span> <string> <string_view> <tuple> <utility> <variant> <vector> <fmt/format.h> <tl/expected.hpp>)

# spikeloom_precompiled(tests OPTIONS -O0 HEADERS <doctest/doctest.h> LINKS doctest::doctest): one set of headers, for
# targets that are compiled with these options.
function(spikeloom_precompiled name)
  cmake_parse_arguments(ARG "" "" "OPTIONS;HEADERS;LINKS" ${ARGN})
  set(target spikeloom_precompiled_${name})
  set(source ${PROJECT_BINARY_DIR}/precompiled/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(${target} OBJECT ${source})
  target_link_libraries(${target} PRIVATE spikeloom_options fmt::fmt tl::expected ${ARG_LINKS})
  target_compile_options(${target} PRIVATE ${ARG_OPTIONS} -Xclang -fno-pch-timestamp)
  target_precompile_headers(${target} PRIVATE ${SPIKELOOM_COMMON_HEADERS} ${ARG_HEADERS})
endfunction()

function(spikeloom_precompile target name)
  if(SPIKELOOM_PRECOMPILE)
    # {fmt} for its definitions, which have to be those that its header was read with.
    target_link_libraries(${target} PRIVATE fmt::fmt)
    target_precompile_headers(${target} REUSE_FROM spikeloom_precompiled_${name})
  endif()
endfunction()

if(SPIKELOOM_PRECOMPILE)
  spikeloom_precompiled(program)
  spikeloom_precompiled(tools OPTIONS -O0 HEADERS <boost/program_options.hpp> <boost/json.hpp>
    LINKS Boost::program_options Boost::json)
  spikeloom_precompiled(tests OPTIONS -O0 HEADERS <doctest/doctest.h> LINKS doctest::doctest)
endif()
