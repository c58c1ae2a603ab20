#include "levada/testkit/exported_symbols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace levada::testkit {
namespace {

class ExportedSymbols : public testing::Test {
 protected:
  // A file with these bytes, gone with the test.
  std::string file(const std::string& bytes) {
    path_ =
        testing::TempDir() + "levada_exported_symbols_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_;
};

std::string program() {
  std::ifstream in("/proc/self/exe", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(ExportedSymbols, refuses_what_is_no_elf_file) {
  EXPECT_FALSE(exported_symbols(file("")));
  EXPECT_FALSE(exported_symbols(file(std::string(4096, 'x'))));
  EXPECT_FALSE(exported_symbols("/nowhere"));
}

TEST_F(ExportedSymbols, refuses_a_file_that_is_cut_off) {
  const auto whole = program();
  for (const size_t bytes : {size_t{32}, size_t{64}, whole.size() / 2, whole.size() - 1}) {
    const auto cut = exported_symbols(file(whole.substr(0, bytes)));
    EXPECT_FALSE(cut) << bytes;
  }
}

}  // namespace
}  // namespace levada::testkit
