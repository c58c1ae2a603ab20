# levada_plugin_library(NAME SOURCES file... [LINK target...] [PRIVATE_LINK target...]
#                       [TESTS file...] [TEST_LINK target...] [TEST_LABEL label])
#
# What several plugins share: a static library that is linked into each of them, with nothing of it
# visible outside. Its headers are included by their path from plugins/ ("json/decimal.h").
# TESTS build NAME_test on the testkit; ctest knows them by TEST_LABEL, "unit" without one.
include_guard(GLOBAL)

function(levada_plugin_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TEST_LABEL" "SOURCES;LINK;PRIVATE_LINK;TESTS;TEST_LINK")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "levada_plugin_library(${name}): what is ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT arg_TEST_LABEL)
    set(arg_TEST_LABEL unit)
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC levada::sdk ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
  file(RELATIVE_PATH plugins "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/plugins")
  target_include_directories(${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/${plugins}")
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                           VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${name} PRIVATE -fno-gnu-unique)
  if(BUILD_TESTING AND arg_TESTS)
    add_executable(${name}_test ${arg_TESTS})
    target_link_libraries(${name}_test PRIVATE ${name} ${arg_TEST_LINK} levada_testkit)
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${arg_TEST_LABEL})
    set_property(GLOBAL APPEND PROPERTY LEVADA_TESTS_${arg_TEST_LABEL} ${name}_test)
  endif()
endfunction()
