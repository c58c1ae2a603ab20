# levada_add_plugin(NAME SOURCES file... [LINK target...] [TESTS file...] [TEST_LINK
# target...] [TEST_LABEL label])
#
# Builds NAME.so against the SDK: hidden symbols but the entry, nothing bound across plugins,
# installed into the plugin folder. TESTS build one GoogleTest program, NAME_plugin_test, on top of
# the testkit where that is there; ctest knows its tests by TEST_LABEL, "unit" without one. The same
# call serves levada's own plugins and those of others (find_package(levada_sdk)).
include_guard(GLOBAL)
include(GNUInstallDirs)

set(LEVADA_SDK_DIR "${CMAKE_CURRENT_LIST_DIR}/.." CACHE INTERNAL "")
set(LEVADA_PLUGIN_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/levada/plugins" CACHE STRING "Where plugins are installed")

function(levada_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TEST_LABEL" "SOURCES;LINK;TESTS;TEST_LINK")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "levada_add_plugin(${name}): SOURCES is missing")
  endif()
  if(NOT arg_TEST_LABEL)
    set(arg_TEST_LABEL unit)
  endif()
  if(EXISTS "${LEVADA_SDK_DIR}/plugin.map")
    set(map "${LEVADA_SDK_DIR}/plugin.map")
  else()
    set(map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
  endif()

  # Apart from the entry, so that tests can link the same objects.
  add_library(${name}_objects OBJECT ${arg_SOURCES})
  target_link_libraries(${name}_objects PUBLIC levada::sdk ${arg_LINK})
  set_target_properties(${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                                   C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${name}_objects PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)

  add_library(${name}_plugin MODULE $<TARGET_OBJECTS:${name}_objects>)
  target_link_libraries(${name}_plugin PRIVATE levada::sdk ${arg_LINK})
  target_link_options(${name}_plugin PRIVATE "LINKER:--version-script=${map}")
  set_target_properties(${name}_plugin PROPERTIES
    OUTPUT_NAME ${name} PREFIX "" LINK_DEPENDS "${map}" LINKER_LANGUAGE CXX
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
    INSTALL_RPATH "$ORIGIN/..")
  set_property(GLOBAL APPEND PROPERTY LEVADA_PLUGINS ${name})
  install(TARGETS ${name}_plugin LIBRARY DESTINATION "${LEVADA_PLUGIN_INSTALL_DIR}" COMPONENT core)

  if(arg_TESTS AND BUILD_TESTING AND TARGET levada_testkit)
    add_executable(${name}_plugin_test ${arg_TESTS} $<TARGET_OBJECTS:${name}_objects>)
    target_link_libraries(${name}_plugin_test PRIVATE levada::sdk levada_testkit ${arg_LINK} ${arg_TEST_LINK})
    gtest_discover_tests(${name}_plugin_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${arg_TEST_LABEL})
  endif()
endfunction()
