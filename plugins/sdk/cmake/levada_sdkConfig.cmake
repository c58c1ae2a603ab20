# find_package(levada_sdk) gives the targets levada::sdk, and levada::sdk_c for plugins in C;
# the function levada_add_plugin(); the program levada::conformance; and, where there are a C++
# compiler and GoogleTest, the library levada::testkit for tests. With
# LEVADA_TESTKIT_FROM_SOURCE that library is compiled in the build that uses it, for a compiler
# or a sanitizer that the installed one does not fit.
include("${CMAKE_CURRENT_LIST_DIR}/levada_sdk_targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LevadaPlugin.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/levada_testkit_targets.cmake" OPTIONAL)
get_property(_levada_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if("CXX" IN_LIST _levada_languages)
  find_package(GTest QUIET)
  if(GTest_FOUND)
    include(GoogleTest)
    if(LEVADA_TESTKIT_FROM_SOURCE OR NOT TARGET levada::testkit)
      include("${CMAKE_CURRENT_LIST_DIR}/LevadaTestkit.cmake")
      target_compile_options(levada_testkit PRIVATE -w)  # Its warnings are not theirs who use it.
    endif()
  endif()
endif()
