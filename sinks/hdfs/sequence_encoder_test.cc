// SequenceFiles, byte by byte; tests/e2e has them read by Hadoop.
#include "sequence_encoder.h"

#include <gtest/gtest.h>

#include "files/unpack.h"
#include "levada/testkit/batches.h"

namespace levada::hdfs_sink {
namespace {

using Kind = files::Compressor::Kind;
using testkit::batch_of;
using testkit::value_column;
using Rows = std::vector<std::pair<int64_t, std::string>>;

const std::string kSync = "0123456789abcdef";

// Reads what the format's description says, and nothing else.
class Reader {
 public:
  explicit Reader(std::string_view file) : rest_(file) {}

  Rows read(Kind kind) {
    EXPECT_EQ(take(4), "SEQ\6");
    EXPECT_EQ(take(vint()), "org.apache.hadoop.io.LongWritable");
    is_text_ = take(vint()) == "org.apache.hadoop.io.Text";
    const bool is_compressed = take(2) == std::string("\1\1", 2);
    EXPECT_EQ(is_compressed, kind != Kind::none);
    if (is_compressed) {
      EXPECT_TRUE(take(vint()).ends_with("Codec"));
    }
    EXPECT_EQ(number<uint32_t>(), 0u) << "entries of metadata";
    EXPECT_EQ(take(16), kSync);
    while (!rest_.empty() && !testing::Test::HasFailure()) is_compressed ? read_block(kind) : read_record();
    return std::move(rows_);
  }
  int syncs() const { return syncs_; }

 private:
  std::string take(size_t bytes) {
    EXPECT_LE(bytes, rest_.size());
    std::string text(rest_.substr(0, bytes));
    rest_.remove_prefix(std::min(bytes, rest_.size()));
    return text;
  }
  template <class Number>
  Number number() {
    Number value = 0;
    for (const unsigned char c : take(sizeof(Number))) value = static_cast<Number>(value << 8 | c);
    return value;
  }
  size_t vint() {
    const auto first = static_cast<signed char>(take(1)[0]);
    if (first >= -112) return static_cast<size_t>(first);
    size_t value = 0;
    for (const unsigned char c : take(static_cast<size_t>(-112 - first))) value = value << 8 | c;
    return value;
  }
  void take_value(size_t bytes, int64_t key) {
    const auto before = rest_.size();
    const size_t size = is_text_ ? vint() : number<uint32_t>();
    EXPECT_EQ(bytes, before - rest_.size() + size);
    rows_.emplace_back(key, take(size));
  }
  void read_record() {
    auto bytes = number<uint32_t>();
    if (bytes == 0xffffffff) {
      ++syncs_;
      EXPECT_EQ(take(16), kSync);
      bytes = number<uint32_t>();
    }
    EXPECT_EQ(number<uint32_t>(), 8u);
    const auto key = static_cast<int64_t>(number<uint64_t>());
    take_value(bytes - 8, key);
  }
  void read_block(Kind kind) {
    EXPECT_EQ(number<uint32_t>(), 0xffffffffu);
    EXPECT_EQ(take(16), kSync);
    ++syncs_;
    const auto rows = vint();
    std::string texts[4];
    for (auto& text : texts) text = files::unpack(kind, take(vint()));
    Reader key_lengths(texts[0]), keys(texts[1]), value_lengths(texts[2]), values(texts[3]);
    values.is_text_ = is_text_;
    for (size_t row = 0; row < rows; ++row) {
      EXPECT_EQ(key_lengths.vint(), 8u);
      const auto key = static_cast<int64_t>(keys.number<uint64_t>());
      values.take_value(value_lengths.vint(), key);
    }
    for (const auto* part : {&key_lengths, &keys, &value_lengths, &values}) EXPECT_EQ(part->rest_, "");
    rows_.insert(rows_.end(), values.rows_.begin(), values.rows_.end());
  }

  std::string_view rest_;
  bool is_text_ = false;
  Rows rows_;
  int syncs_ = 0;
};

class SequenceTest : public testing::TestWithParam<std::tuple<bool, Kind>> {
 protected:
  const bool is_text_ = std::get<0>(GetParam());
  const Kind kind_ = std::get<1>(GetParam());
  files::Compressor compressor_;
  SequenceEncoder encoder_{is_text_, compressor_, kind_, kSync};
  RowSource source_{HdfsSettings::Format::body, "time"};
  std::string file_;
  Rows expected_;

  // Adds a part with these rows.
  void add(const Rows& rows) {
    std::vector<std::string> bodies;
    std::vector<std::optional<int64_t>> times;
    std::vector<int64_t> numbers;
    for (const auto& [time, body] : rows) {
      numbers.push_back(static_cast<int64_t>(numbers.size()));
      bodies.push_back(body);
      times.push_back(time * 1000 + 999);
    }
    Batch batch = batch_of(bodies);
    batch.set(value_column<int64_t>("time", Type::timestamp, times));
    ASSERT_TRUE(source_.bind(batch, 0));
    std::span<const int64_t> left(numbers);
    while (!left.empty()) {
      left = left.subspan(encoder_.append(source_, left));
      if (encoder_.is_full()) file_ += encoder_.take();
    }
    file_ += encoder_.take();
    expected_.insert(expected_.end(), rows.begin(), rows.end());
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, SequenceTest,
                         testing::Combine(testing::Bool(),
                                          testing::Values(Kind::none, Kind::gzip, Kind::zstd, Kind::snappy)));

TEST_P(SequenceTest, rows_of_all_lengths_come_back) {
  add({{0, ""}, {1, "x"}, {-1, std::string(127, 'a')}, {int64_t{1} << 40, std::string(128, 'b')}});
  add({{5, std::string(255, 'c')}, {6, std::string(256, 'd')}, {7, std::string(70'000, 'e')}});
  add({{8, std::string(900'000, 'f')}, {9, std::string("\0\n\xff", 3)}});
  EXPECT_TRUE(Reader(file_).read(kind_) == expected_);
}

TEST_P(SequenceTest, a_reader_can_begin_at_many_places) {
  for (int part = 0; part < 3; ++part) {
    Rows rows;
    for (int row = 0; row < 400; ++row) rows.emplace_back(row, std::string(1000, static_cast<char>('a' + part)));
    add(rows);
  }
  Reader reader(file_);
  EXPECT_TRUE(reader.read(kind_) == expected_);
  EXPECT_GE(reader.syncs(), 5);
}

TEST_P(SequenceTest, what_is_dropped_leaves_nothing) {
  add({{1, "one"}});
  Batch batch = batch_of({"dropped"});
  ASSERT_TRUE(source_.bind(batch, 0));
  const int64_t row = 0;
  EXPECT_EQ(encoder_.append(source_, {&row, 1}), 1u);
  encoder_.drop();
  EXPECT_EQ(encoder_.take(), "");
  add({{2, "two"}});
  EXPECT_TRUE(Reader(file_).read(kind_) == expected_);
}

}  // namespace
}  // namespace levada::hdfs_sink
