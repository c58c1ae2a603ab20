# find_package(levada_sdk) gives the target levada::sdk, the function levada_add_plugin() and, where
# there is a GoogleTest, the target levada_testkit for tests.
include("${CMAKE_CURRENT_LIST_DIR}/levada_sdk_targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/LevadaPlugin.cmake")
find_package(GTest QUIET)
if(GTest_FOUND)
  include(GoogleTest)
  include("${CMAKE_CURRENT_LIST_DIR}/LevadaTestkit.cmake")
endif()
