// The suite finds the faults that were planted in plugins in C, each under its number, and none in
// the sound one.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "levada/testkit/conformance_test_support.h"
#include "levada/testkit/malloc_use.h"

namespace levada::testkit {
namespace {

Subject planted(const std::string& fault, const char* component = "planted",
                std::string options = "column = \"agent\"") {
  Subject subject;
  subject.plugin_file = PLANTED_FOLDER "/planted_" + fault + ".so";
  void* library = ::dlopen(subject.plugin_file.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto entry = library ? reinterpret_cast<levada_entry>(::dlsym(library, "levada_plugin_1")) : nullptr;
  if (!entry) throw std::runtime_error(::dlerror());
  subject.plugin = entry();
  subject.component = component_of(*entry(), component);
  subject.options = std::move(options);
  subject.bodies = {"one", "", "a body that is longer than twelve bytes", "four"};
  return subject;
}

std::vector<std::string> findings_of(const Subject& subject, std::string_view number) {
  std::vector<std::string> findings;
  for (const auto& must : musts_of(subject.component->kind))
    if (std::string_view(must.name).starts_with(number)) must.test(subject, findings);
  return findings;
}

TEST(Planted, nothing_is_found_in_a_sound_plugin) {
  EXPECT_EQ(broken(planted("none")), Numbers());
  EXPECT_EQ(broken(planted("none", "planted", "column = \"body\"")), Numbers());
}

TEST(Planted, an_offset_of_the_batch_that_is_ignored_in_a_column_is_found) {
  EXPECT_EQ(broken(planted("offset")), Numbers{"I3"});
}

TEST(Planted, a_null_that_is_read_as_an_empty_text_is_found) {
  EXPECT_EQ(broken(planted("null")), Numbers{"I25"});
  EXPECT_EQ(findings_of(planted("null"), "I25_").front(),
            "a null in the column agent is taken for an empty text: agent becomes \"\"");
}

TEST(Planted, a_null_that_is_not_looked_at_is_found) {
  EXPECT_EQ(broken(planted("behind_null")), (Numbers{"I24", "I25"}));
}

TEST(Planted, memory_of_malloc_that_each_batch_leaves_behind_is_found) {
  if (!malloc_in_use()) GTEST_SKIP() << "this C library does not tell, or a sanitizer looks for leaks itself";
  EXPECT_EQ(broken(planted("leak")), (Numbers{"P8", "I6"}));
}

TEST(Planted, a_symbol_too_many_is_found) {
  const auto found = findings_of(planted("symbol"), "P1_");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("planted_helper"), std::string::npos) << found[0];
}

TEST(Planted, symbols_of_the_cpp_library_are_found_where_there_is_no_version_script) {
  EXPECT_EQ(findings_of(planted("weak", "shout", ""), "P1_").size(), 1u);
}

}  // namespace
}  // namespace levada::testkit
