// Deletion vectors: where they are, what they say, and what becomes of damaged ones.
#include "deletion_vector.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <set>

#include "table_bench.h"

namespace levada::delta {
namespace {

std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int at = 0; at < bytes; ++at) text += static_cast<char>(value >> (8 * at));
  return text;
}
std::string big(uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

// Three containers of rows: a list (1, 5), a bitmap (each even row of the second 65,536), and runs
// (131072 .. 131081). With a fourth the format has a table of offsets, which nobody needs.
std::string bitmap(bool with_offsets) {
  const int count = with_offsets ? 4 : 3;
  std::string bytes = little((static_cast<uint64_t>(count) - 1) << 16 | 12347, 4) + little(0b100, 1);
  const auto describe = [&](uint64_t key, uint64_t rows) { bytes += little(key, 2) + little(rows - 1, 2); };
  describe(0, 2);
  describe(1, 32'768);
  describe(2, 10);
  if (with_offsets) {
    describe(3, 1);
    bytes += std::string(16, 'x');
  }
  bytes += little(1, 2) + little(5, 2);
  for (int word = 0; word < 1024; ++word) bytes += little(0x5555555555555555, 8);
  bytes += little(1, 2) + little(0, 2) + little(9, 2);
  if (with_offsets) bytes += little(7, 2);
  return bytes;
}

// For rows below 2^32, and the same again behind 3 * 2^32.
std::string bitmaps(const std::string& each) {
  return little(1681511377, 4) + little(2, 8) + little(0, 4) + each + little(3, 4) + each;
}

class DeletionVectorTest : public testing::Test, protected TableBench {
 protected:
  static constexpr const char* kPlace = "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";

  // The vector of such a file, behind a byte of something else.
  DeletionVector stored(const std::string& bytes, int64_t rows) {
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    host.files().make_folders(std::string(kTable) + "/ab");
    host.files().write_file(std::string(kTable) + "/" + kPlace, "\x01" + big(static_cast<uint32_t>(bytes.size())) +
                                                                    bytes + big(static_cast<uint32_t>(sum)));
    return {"u", "ab^-aqEH.-t@S}K{vb[*k^", 1, static_cast<int64_t>(bytes.size()), rows};
  }
  Result<DeletedRows> read(const DeletionVector& vector) {
    auto files = store();
    return DeletedRows::read(files, vector);
  }
};

TEST_F(DeletionVectorTest, one_in_the_log_is_read) {
  const auto rows = read({"i", "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", {}, 44, 6});
  ASSERT_TRUE(rows) << rows.error().message;
  std::set<int64_t> found;
  for (int64_t row = 0; row < 100; ++row)
    if (rows->contains(row)) found.insert(row);
  EXPECT_EQ(found, (std::set<int64_t>{3, 4, 7, 11, 18, 29}));
}

TEST_F(DeletionVectorTest, a_file_has_containers_of_each_kind) {
  for (const bool with_offsets : {false, true}) {
    const int64_t rows_of_one = 2 + 32'768 + 10 + with_offsets;
    const auto rows = read(stored(bitmaps(bitmap(with_offsets)), 2 * rows_of_one));
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->rows(), 2 * rows_of_one);
    for (const int64_t first : {int64_t{0}, int64_t{3} << 32}) {
      for (const int64_t row : {1, 5, 65'536, 131'070, 131'072, 131'081}) EXPECT_TRUE(rows->contains(first + row));
      for (const int64_t row : {0, 4, 6, 65'537, 131'071, 131'082, 196'608, 262'144})
        EXPECT_FALSE(rows->contains(first + row)) << row;
      EXPECT_EQ(rows->contains(first + 196'615), with_offsets);
    }
    EXPECT_FALSE(rows->contains((int64_t{1} << 32) + 1));
  }
}

TEST_F(DeletionVectorTest, what_is_cut_or_changed_is_damaged) {
  const auto whole = bitmaps(bitmap(true));
  const int64_t rows = 2 * (2 + 32'768 + 10 + 1);
  for (size_t size = 0; size < whole.size(); size += size < 200 || size + 60 > whole.size() ? 1 : 977)
    EXPECT_EQ(read(stored(whole.substr(0, size), rows)).code(), Code::fatal) << size;
  EXPECT_EQ(read(stored(whole, rows - 1)).code(), Code::fatal) << "the log says another number of rows";
  for (size_t at = 0; at < 80; ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(~changed[at]);
    (void)read(stored(changed, rows));  // Whatever it says, it says something.
  }
  const auto vector = stored(whole, rows);
  const auto place = std::string(kTable) + "/" + kPlace;
  auto content = host.files().read_file(place);
  content[200] = static_cast<char>(~content[200]);
  host.files().write_file(place, content);
  EXPECT_EQ(read(vector).code(), Code::fatal) << "the checksum";
}

TEST_F(DeletionVectorTest, what_is_missing_or_elsewhere_is_an_error_that_says_so) {
  auto missing = read({"u", "ab^-aqEH.-t@S}K{vb[*k^", 1, 40, 6});
  EXPECT_EQ(missing.code(), Code::fatal);
  EXPECT_NE(missing.error().message.find(kPlace), std::string::npos) << missing.error().message;
  EXPECT_NE(read({"p", "s3://other/x.bin", 1, 40, 6}).error().message.find("outside of the table"), std::string::npos);
  for (const char* path : {"", "short", "ab ^-aqEH.-t@S}K{vb[*k", "#####################"})
    EXPECT_EQ(read({"u", path, 1, 40, 6}).code(), Code::fatal) << path;
  EXPECT_EQ(read({"i", "wi5b", {}, 40, 6}).code(), Code::fatal);
  EXPECT_EQ(read({"i", "wi5b=", {}, -1, 6}).code(), Code::fatal);
  EXPECT_EQ(read(DeletionVector{"u", "ab^-aqEH.-t@S}K{vb[*k^", -5, int64_t{1} << 40, 6}).code(), Code::fatal);
}

}  // namespace
}  // namespace levada::delta
