# The target levada_testkit, on GoogleTest, made of its sources: in this tree, and from the
# installed SDK where LEVADA_TESTKIT_FROM_SOURCE asks for it.
include_guard(GLOBAL)

add_library(levada_testkit STATIC)
foreach(source IN ITEMS arrow_check conformance conformance_advance conformance_changes conformance_columns
                        conformance_interceptor conformance_plugin conformance_sink conformance_source
                        conformance_subject exported_symbols fake_host malloc_use memory_calls memory_files memory_tree
                        shared_batch values)
  target_sources(levada_testkit PRIVATE "${CMAKE_CURRENT_LIST_DIR}/levada/testkit/${source}.cc")
endforeach()
target_link_libraries(levada_testkit PUBLIC levada::sdk levada::values GTest::gtest_main)
set_target_properties(levada_testkit PROPERTIES POSITION_INDEPENDENT_CODE ON EXPORT_NAME testkit)
