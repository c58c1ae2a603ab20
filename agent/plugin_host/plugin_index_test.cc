// What the section of a plugin's file says, and files that have none.
#include "agent/plugin_host/plugin_index.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "levada/plugin.h"

namespace levada::agent {
namespace {

using Components = std::vector<IndexedComponent>;

class PluginIndex : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(STATIC_PLUGIN, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    ASSERT_FALSE(bytes_.empty());
  }
  ~PluginIndex() override { std::filesystem::remove(path_); }
  std::optional<Components> read(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    return read_plugin_index(path_);
  }
  const std::string path_ = testing::TempDir() + "levada-index-" + std::to_string(::getpid()) + ".so";
  std::string bytes_;
};

TEST_F(PluginIndex, says_what_components_a_plugin_has) {
  EXPECT_EQ(read(bytes_), (Components{{LEVADA_INTERCEPTOR, "static"}}));
}

TEST_F(PluginIndex, says_nothing_where_there_is_no_section) {
  EXPECT_EQ(read_plugin_index("/proc/self/exe"), std::nullopt);
  EXPECT_EQ(read_plugin_index("/no/such/file"), std::nullopt);
  EXPECT_EQ(read("no shared library"), std::nullopt);
}

TEST_F(PluginIndex, says_nothing_of_a_file_that_is_cut_off) {
  for (const size_t left : {size_t{0}, size_t{20}, size_t{64}, bytes_.size() / 2, bytes_.size() - 1})
    EXPECT_EQ(read(bytes_.substr(0, left)), std::nullopt) << left;
}

// Each byte of the ELF header in turn: whatever it says then, it ends well.
TEST_F(PluginIndex, survives_a_damaged_header) {
  for (size_t at = 0; at < 64; ++at)
    for (const char damage : {'\x01', '\x7f', '\xff'}) {
      auto damaged = bytes_;
      damaged[at] = static_cast<char>(damaged[at] ^ damage);
      const auto found = read(damaged);
      EXPECT_TRUE(!found || *found == (Components{{LEVADA_INTERCEPTOR, "static"}})) << at;
    }
}

}  // namespace
}  // namespace levada::agent
