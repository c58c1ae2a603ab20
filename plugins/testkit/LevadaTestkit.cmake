# The target levada_testkit, on GoogleTest. It is compiled where it is used, so that
# it fits the compiler, the sanitizers and the GoogleTest of whoever tests: in this
# tree, or from the installed SDK.
include_guard(GLOBAL)

add_library(levada_testkit STATIC EXCLUDE_FROM_ALL)
foreach(source IN ITEMS
    arrow_check conformance conformance_advance conformance_interceptor conformance_plugin conformance_sink
                        conformance_source conformance_subject fake_host memory_calls memory_files memory_tree
                        shared_batch values)
  target_sources(levada_testkit PRIVATE "${CMAKE_CURRENT_LIST_DIR}/levada/testkit/${source}.cc")
endforeach()
target_link_libraries(levada_testkit PUBLIC levada::sdk levada::values GTest::gtest_main)
set_target_properties(levada_testkit PROPERTIES POSITION_INDEPENDENT_CODE ON)
