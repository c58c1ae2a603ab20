# levada_add_plugin(NAME SOURCES file... [LINK target...] [TESTS file...] [TEST_LINK
# target...] [TEST_LABEL label]
#                   [CONFORMANCE case...] [COMPONENT name])
#
# Builds NAME.so against the SDK: hidden symbols but the entry, nothing bound across plugins,
# installed into the plugin folder as a part of COMPONENT, "core" without one. TESTS in C++ build
# one GoogleTest program, NAME_plugin_test, on top of the testkit where that is there; TESTS in C
# build one program of that name, which fails with an exit code. CONFORMANCE runs levada-conformance
# with these cases. ctest knows all of them by TEST_LABEL, "unit" without one. The same call serves
# levada's own plugins and those of others (find_package(levada_sdk)). Where all sources are C, no
# C++ compiler is needed.
include_guard(GLOBAL)
include(GNUInstallDirs)

set(LEVADA_SDK_DIR "${CMAKE_CURRENT_LIST_DIR}/.." CACHE INTERNAL "")
set(LEVADA_PLUGIN_INSTALL_DIR "${CMAKE_INSTALL_LIBDIR}/levada/plugins" CACHE STRING "Where plugins are installed")

# The language of the files, C or CXX, and the SDK for it.
function(_levada_language language sdk)
  set(${language} C PARENT_SCOPE)
  set(${sdk} levada::sdk_c PARENT_SCOPE)
  foreach(file IN LISTS ARGN)
    if(NOT file MATCHES "\\.c$")
      set(${language} CXX PARENT_SCOPE)
      set(${sdk} levada::sdk PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

function(levada_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TEST_LABEL;COMPONENT" "SOURCES;LINK;TESTS;TEST_LINK;CONFORMANCE")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "levada_add_plugin(${name}): SOURCES is missing")
  endif()
  if(NOT arg_TEST_LABEL)
    set(arg_TEST_LABEL unit)
  endif()
  if(NOT arg_COMPONENT)
    set(arg_COMPONENT core)
  endif()
  if(EXISTS "${LEVADA_SDK_DIR}/plugin.map")
    set(map "${LEVADA_SDK_DIR}/plugin.map")
  else()
    set(map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
  endif()
  _levada_language(language sdk ${arg_SOURCES})
  get_property(enabled GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(linker ${language})
  if(arg_LINK AND "CXX" IN_LIST enabled)
    set(linker CXX)  # What it links may be C++.
  endif()

  # Apart from the entry, so that tests can link the same objects.
  add_library(${name}_objects OBJECT ${arg_SOURCES})
  target_link_libraries(${name}_objects PUBLIC ${sdk} ${arg_LINK})
  set_target_properties(${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                                   C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${name}_objects PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)

  add_library(${name}_plugin MODULE $<TARGET_OBJECTS:${name}_objects>)
  target_link_libraries(${name}_plugin PRIVATE ${sdk} ${arg_LINK})
  target_link_options(${name}_plugin PRIVATE "LINKER:--version-script=${map}")
  set_target_properties(${name}_plugin PROPERTIES
    OUTPUT_NAME ${name} PREFIX "" LINK_DEPENDS "${map}" LINKER_LANGUAGE ${linker}
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
    INSTALL_RPATH "$ORIGIN/..")
  # Without the section an agent loads the plugin, in a child process, to know its components.
  if(TARGET levada_component_index)
    set(index "${CMAKE_CURRENT_BINARY_DIR}/${name}.components")
    add_custom_command(TARGET ${name}_plugin POST_BUILD
      COMMAND "${CMAKE_COMMAND}" -E env ASAN_OPTIONS=detect_leaks=0
              $<TARGET_FILE:levada_component_index> $<TARGET_FILE:${name}_plugin> "${index}"
      COMMAND "${CMAKE_OBJCOPY}" --add-section ".levada.components=${index}" $<TARGET_FILE:${name}_plugin>
      VERBATIM)
  endif()
  set_property(GLOBAL APPEND PROPERTY LEVADA_PLUGINS ${name})
  install(TARGETS ${name}_plugin LIBRARY DESTINATION "${LEVADA_PLUGIN_INSTALL_DIR}"
          COMPONENT ${arg_COMPONENT})

  if(BUILD_TESTING)
    _levada_add_tests(${name})
  endif()
endfunction()

# With the arguments of levada_add_plugin.
macro(_levada_add_tests name)
  _levada_language(test_language test_sdk ${arg_TESTS})
  set(testkit levada_testkit)
  if(NOT TARGET levada_testkit)
    set(testkit levada::testkit)
  endif()
  if(arg_TESTS AND (test_language STREQUAL C OR TARGET ${testkit}))
    add_executable(${name}_plugin_test ${arg_TESTS} $<TARGET_OBJECTS:${name}_objects>)
    target_link_libraries(${name}_plugin_test PRIVATE ${test_sdk} ${arg_LINK} ${arg_TEST_LINK})
    if(test_language STREQUAL C)
      add_test(NAME ${name} COMMAND ${name}_plugin_test)
      set_tests_properties(${name} PROPERTIES LABELS ${arg_TEST_LABEL})
    else()
      target_link_libraries(${name}_plugin_test PRIVATE ${testkit})
      # The suite looks at the symbols of the file.
      target_compile_definitions(${name}_plugin_test PRIVATE LEVADA_PLUGIN_FILE="$<TARGET_FILE:${name}_plugin>")
      add_dependencies(${name}_plugin_test ${name}_plugin)
      gtest_discover_tests(${name}_plugin_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${arg_TEST_LABEL})
      set_property(GLOBAL APPEND PROPERTY LEVADA_TESTS_${arg_TEST_LABEL} ${name}_plugin_test)
    endif()
  endif()
  if(arg_CONFORMANCE AND TARGET levada::conformance)
    set(cases)
    foreach(case IN LISTS arg_CONFORMANCE)
      get_filename_component(path "${case}" ABSOLUTE)
      list(APPEND cases "${path}")
    endforeach()
    add_test(NAME ${name}.conformance COMMAND levada::conformance $<TARGET_FILE:${name}_plugin> ${cases})
    set_tests_properties(${name}.conformance PROPERTIES LABELS ${arg_TEST_LABEL})
  endif()
endmacro()
