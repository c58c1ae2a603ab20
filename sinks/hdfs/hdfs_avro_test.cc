// Avro files of the hdfs sink: parts that are one file when they are put together.
#include <gtest/gtest.h>

#include "files/unpack_avro.h"
#include "sink_bench.h"

namespace levada::hdfs_sink {
namespace {

using namespace std::chrono_literals;
using files::avro_strings;
using testkit::batch_of;
using testkit::text_column;
using testkit::value_column;
using Rows = std::vector<std::vector<std::string>>;

class HdfsAvroTest : public SinkBench {
 protected:
  HdfsAvroTest() { settings_.format = HdfsSettings::Format::avro; }
  static Batch of(const Strings& texts) {
    Batch batch(static_cast<int64_t>(texts.size()));
    batch.set(text_column("text", {texts.begin(), texts.end()}));
    return batch;
  }
};

TEST_F(HdfsAvroTest, parts_are_put_together_to_one_file) {
  for (const bool concatenates : {true, false}) {
    concatenates_ = concatenates;
    for (const auto kind : {files::Compressor::Kind::none, files::Compressor::Kind::gzip, files::Compressor::Kind::zstd,
                            files::Compressor::Kind::snappy}) {
      settings_.compression = kind;
      start();
      const std::string large(700'000, 'x');
      write(of({"one", large, "two"}));
      ASSERT_TRUE(commit());
      write(of({"three"}));
      ASSERT_TRUE(commit());
      EXPECT_EQ(hidden().size(), 2u);
      stop();
      ASSERT_EQ(paths().size(), 1u);
      EXPECT_TRUE(paths()[0].ends_with(".avro")) << paths()[0];
      EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"one"}, {large}, {"two"}, {"three"}}));
      host_.files().remove_file(paths()[0]);
    }
  }
}

TEST_F(HdfsAvroTest, after_a_failure_a_file_goes_on_behind_its_committed_parts) {
  start();
  write(of({"committed"}));
  ASSERT_TRUE(commit());
  write(of({"lost"}));
  recover();
  write(of({"once more"}));
  ASSERT_TRUE(commit());
  stop();
  ASSERT_EQ(paths().size(), 1u);
  EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"committed"}, {"once more"}}));
}

TEST_F(HdfsAvroTest, rows_of_other_columns_go_to_a_file_of_their_own) {
  settings_.idle_close = 1min;
  start();
  write(of({"one"}));
  auto wider = of({"two"});
  wider.set(value_column<int64_t>("n", Type::int64, {7}));
  write(std::move(wider));
  Batch changed(1);
  changed.set(value_column<int64_t>("text", Type::int64, {3}));
  write(std::move(changed));
  write(of({"four"}));
  ASSERT_TRUE(commit());
  wait(1min);
  be_idle();
  ASSERT_EQ(paths().size(), 3u);
  EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"one"}, {"four"}}));
  EXPECT_NE(files::unpack_avro(contents()[1]).schema.find("\"name\":\"n\",\"type\":[\"null\",\"long\"]"),
            std::string::npos);
  EXPECT_NE(files::unpack_avro(contents()[2]).schema.find("\"name\":\"text\",\"type\":[\"null\",\"long\"]"),
            std::string::npos);
}

TEST_F(HdfsAvroTest, rows_have_a_body_and_may_have_nothing) {
  start();
  write(batch_of({"one", "two"}));
  write(Batch(3));
  ASSERT_TRUE(commit());
  stop();
  ASSERT_EQ(contents().size(), 2u);
  EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"one"}, {"two"}})) << "bytes are written as strings are";
  EXPECT_EQ(files::unpack_avro(contents()[1]).rows, std::vector<int64_t>{3});
}

TEST_F(HdfsAvroTest, sequence_files_are_no_avro_files) {
  settings_.file_type = HdfsSettings::FileType::sequence_text;
  EXPECT_TRUE(fault().starts_with("file_type: ")) << fault();
}

}  // namespace
}  // namespace levada::hdfs_sink
