// Routes as users write them.
#include "routes.h"

#include "source_test_bench.h"

namespace levada::http_source {
namespace {

class RoutesTest : public SourceTest {
 protected:
  std::string fault_of(const std::string& entries) { return fault("routes = { \"/a\" = { " + entries + " } }"); }
};

TEST_F(RoutesTest, each_entry_is_understood) {
  for (const auto* entries :
       {"", "format = \"by_type\"", "format = \"flume\", flume_headers = [\"host\"]", "lanes = 64",
        "id = \"id\", time = \"at\"",
        "format = \"json\", columns = { a = \"x\" }, headers = { b = \"B\" }, query = { c = \"c\" }"})
    EXPECT_EQ(fault_of(entries), "none") << entries;
}

TEST_F(RoutesTest, what_is_wrong_is_named) {
  for (const auto& [entries, option] : std::vector<std::pair<std::string, std::string>>{
           {"format = \"xml\"", "routes./a.format"},
           {"lanes = 0", "routes./a.lanes"},
           {"id = 1", "routes./a.id"},
           {"id = \"a\", time = \"a\"", "routes./a.time"},
           {"lanes = 65", "routes./a.lanes"},
           {"path = \"/\"", "routes./a.path"},
           {"columns = \"x\"", "routes./a.columns"},
           {"columns = { a = 1 }", "routes./a.columns.a"},
           {"columns = { body = \"x\" }", "routes./a.columns.body"},
           {"columns = { a = \"x\" }, query = { a = \"x\" }", "routes./a.query.a"},
           {"flume_headers = [\"x\"]", "routes./a.flume_headers"},
           {"format = \"flume\", flume_headers = [\"x\", \"x\"]", "routes./a.flume_headers"},
           {"format = \"flume\", columns = { headers = \"x\" }", "routes./a.format"}})
    EXPECT_EQ(fault_of(entries), option) << entries;
  EXPECT_EQ(fault("routes = { \"a\" = {} }"), "routes.a");
  EXPECT_EQ(fault("routes = { \"/a?b\" = {} }"), "routes./a?b");
  EXPECT_EQ(fault("routes = { \"/a\" = \"json\" }"), "routes./a");
  EXPECT_EQ(fault("routes = { \"/a\" = { lanes = 2 }, \"/a#1\" = {} }"), "routes./a#1");
}

}  // namespace
}  // namespace levada::http_source
