# The few functions that the folders' CMakeLists.txt are written in.

add_library(spikeloom_options INTERFACE)
add_library(spikeloom::options ALIAS spikeloom_options)
set_target_properties(spikeloom_options PROPERTIES EXPORT_NAME options)
target_compile_features(spikeloom_options INTERFACE cxx_std_20)
target_include_directories(spikeloom_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/spikeloom>)
target_compile_options(spikeloom_options INTERFACE
  $<BUILD_INTERFACE:-Wall> $<BUILD_INTERFACE:-Wextra> $<BUILD_INTERFACE:-Wpedantic> $<BUILD_INTERFACE:-Wshadow>
  # libstdc++ 12's own stable_sort calls what it has marked deprecated, and clang says so at every use.
  $<$<CXX_COMPILER_ID:Clang>:$<BUILD_INTERFACE:-Wno-deprecated-declarations>>
  $<$<BOOL:${SPIKELOOM_WERROR}>:$<BUILD_INTERFACE:-Werror>>)
if(SPIKELOOM_SANITIZE)
  target_compile_options(spikeloom_options INTERFACE
    $<BUILD_INTERFACE:-fsanitize=${SPIKELOOM_SANITIZE}> $<BUILD_INTERFACE:-fno-omit-frame-pointer>
    $<BUILD_INTERFACE:-fno-sanitize-recover=all>
    # At every access of a member, a quarter of the build's time: the address sanitizer sees most of it.
    $<BUILD_INTERFACE:-fno-sanitize=null$<COMMA>alignment$<COMMA>object-size$<COMMA>vptr>)
  target_link_options(spikeloom_options INTERFACE $<BUILD_INTERFACE:-fsanitize=${SPIKELOOM_SANITIZE}>)
endif()
if(SPIKELOOM_FUZZ)
  target_compile_options(spikeloom_options INTERFACE $<BUILD_INTERFACE:-fsanitize=fuzzer-no-link>)
endif()

find_program(SPIKELOOM_CCACHE ccache)
if(SPIKELOOM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SPIKELOOM_CCACHE})
endif()
include(PrecompiledHeaders)

set_property(GLOBAL PROPERTY SPIKELOOM_LIBRARIES spikeloom_options)

# spikeloom_library(core FOLDERS . sub LINKS spikeloom::base ... PRIVATE_LINKS ... PROTOS a.proto ...)
# All .cpp files directly in the folders; generated Protobuf code stays in the build tree and private.
function(spikeloom_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;LINKS;PRIVATE_LINKS;PROTOS" ${ARGN})
  set(sources)
  foreach(folder IN LISTS ARG_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  set(target spikeloom_${name})
  if(NOT sources AND NOT ARG_PROTOS)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE spikeloom_options ${ARG_LINKS})
  else()
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC spikeloom_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
    if(ARG_PROTOS)
      spikeloom_protobuf(${target} ${ARG_PROTOS})
    endif()
    spikeloom_precompile(${target} program)
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  add_library(spikeloom::${name} ALIAS ${target})
  set_property(GLOBAL APPEND PROPERTY SPIKELOOM_LIBRARIES ${target})
endfunction()

# Generates FILE.pb.{h,cc} under the build tree, included as "chip/spec/chip_spec.pb.h".
function(spikeloom_protobuf target)
  foreach(proto IN LISTS ARGN)
    file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    set(generated ${PROJECT_BINARY_DIR}/generated)
    set(outputs ${generated}/${stem}.pb.cc ${generated}/${stem}.pb.h)
    add_custom_command(OUTPUT ${outputs}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
      COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR} --cpp_out=${generated} ${relative}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${proto} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
    target_sources(${target} PRIVATE ${outputs})
    set_source_files_properties(${generated}/${stem}.pb.cc PROPERTIES COMPILE_OPTIONS "-w")
    target_include_directories(${target} SYSTEM PRIVATE ${generated})
  endforeach()
  target_link_libraries(${target} PRIVATE protobuf::libprotobuf)
endfunction()

# spikeloom_test(core LINKS spikeloom::core): all *_test.cpp of the folder, one doctest executable, one ctest entry.
# Tests are many and each runs once: compiling them without the optimiser saves minutes. OPTIMISED: those that compute.
# COST: roughly its seconds under a sanitizer, if many; ctest begins with the longest.
function(spikeloom_test name)
  cmake_parse_arguments(ARG "OPTIMISED" "TIMEOUT;COST" "FOLDERS;LINKS;LABELS" ${ARGN})
  if(NOT ARG_FOLDERS)
    set(ARG_FOLDERS .)
  endif()
  set(sources)
  foreach(folder IN LISTS ARG_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
    if(SPIKELOOM_SANITIZE)
      set(ARG_TIMEOUT 900)
    endif()
  endif()
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE spikeloom_test_support ${ARG_LINKS})
  if(ARG_OPTIMISED)
    spikeloom_precompile(${name}_test program)
  else()
    target_compile_options(${name}_test PRIVATE -O0)
    spikeloom_precompile(${name}_test tests)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if(ARG_COST)
    set_tests_properties(${name} PROPERTIES COST ${ARG_COST})
  endif()
  # What a label's ctest runs can be built by the label's name: threads_tests, for the thread sanitizer.
  foreach(label IN LISTS ARG_LABELS)
    if(NOT TARGET ${label}_tests)
      add_custom_target(${label}_tests)
    endif()
    add_dependencies(${label}_tests ${name}_test)
  endforeach()
endfunction()

# Libraries, headers, schemas, the program and its models; find_package(spikeloom) gives spikeloom::runtime and so on.
function(spikeloom_install)
  get_property(libraries GLOBAL PROPERTY SPIKELOOM_LIBRARIES)
  install(TARGETS ${libraries} spikeloom EXPORT spikeloom-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY core router chip compiler runtime DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/spikeloom
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.proto")
  install(DIRECTORY models DESTINATION ${CMAKE_INSTALL_DATADIR}/spikeloom)
  install(EXPORT spikeloom-targets NAMESPACE spikeloom:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spikeloom)
  include(CMakePackageConfigHelpers)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/tools/cmake/spikeloom-config.cmake.in
    ${PROJECT_BINARY_DIR}/spikeloom-config.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spikeloom)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/spikeloom-config-version.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/spikeloom-config.cmake ${PROJECT_BINARY_DIR}/spikeloom-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/spikeloom)
endfunction()
