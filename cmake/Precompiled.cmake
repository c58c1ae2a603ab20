# Headers of the standard library and of GoogleTest are parsed once for all targets: a third of the
# time of a build. Nothing of ours is among them, so that a change of a header rebuilds only what
# includes it. A source includes what it uses all the same.
include_guard(GLOBAL)

set(_standard <algorithm> <array> <atomic> <bit> <charconv> <chrono> <concepts> <condition_variable> <cstdint> <cstring>
  <deque> <filesystem> <functional> <iterator> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view>
  <thread> <utility> <variant> <vector>)

# Programs and libraries can then share one precompiled header.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE ${CMAKE_CXX_COMPILE_OPTIONS_PIC})

function(_levada_targets folder to)
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  get_property(folders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(below IN LISTS folders)
    _levada_targets("${below}" more)
    list(APPEND targets ${more})
  endforeach()
  set(${to} ${targets} PARENT_SCOPE)
endfunction()

# Once all targets are there.
function(levada_precompile_headers)
  foreach(kind IN ITEMS code test)
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/precompiled_${kind}.cc" CONTENT "")
  endforeach()
  _levada_targets("${PROJECT_SOURCE_DIR}" targets)
  add_library(levada_precompiled_code OBJECT "${PROJECT_BINARY_DIR}/precompiled_code.cc")
  target_precompile_headers(levada_precompiled_code PRIVATE ${_standard})
  if(BUILD_TESTING)
    add_library(levada_precompiled_test OBJECT "${PROJECT_BINARY_DIR}/precompiled_test.cc")
    target_link_libraries(levada_precompiled_test PRIVATE GTest::gmock)
    target_precompile_headers(levada_precompiled_test PRIVATE ${_standard} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
  # For ccache: by this it tells two precompiled headers apart, and not by their bytes,
  # which differ from clone to clone.
  foreach(kind IN ITEMS code test)
    file(WRITE "${PROJECT_BINARY_DIR}/CMakeFiles/levada_precompiled_${kind}.dir/cmake_pch.hxx.gch.sum"
      "${kind} ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${GTest_VERSION} ${_standard}")
  endforeach()
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    get_target_property(sources ${target} SOURCES)
    if(type MATCHES "UTILITY|INTERFACE" OR NOT sources MATCHES "\\.cc")
      continue()
    endif()
    if(BUILD_TESTING AND target MATCHES "_test$|testkit")
      target_precompile_headers(${target} REUSE_FROM levada_precompiled_test)
    else()
      target_precompile_headers(${target} REUSE_FROM levada_precompiled_code)
    endif()
  endforeach()
endfunction()
