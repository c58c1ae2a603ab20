// Avro files of the file sink.
#include <gtest/gtest.h>

#include "file.h"
#include "files/unpack_avro.h"
#include "levada/testkit/fake_host.h"
#include "sink_files.h"

namespace levada::file_sink {
namespace {

using namespace std::chrono_literals;
using files::avro_strings;
using files::unpack_avro;
using testkit::batch_of;
using testkit::Lose;
using testkit::text_column;
using testkit::value_column;
using Rows = std::vector<std::vector<std::string>>;
using Strings = std::vector<std::string>;

class FileAvroTest : public testing::Test {
 protected:
  FileAvroTest() {
    settings_.path = "/out";
    settings_.format = FileSettings::Format::avro;
  }
  void start() {
    if (sink_) (void)sink_->close(0ns);
    auto sink = FileSink::create(settings_, host_.host());
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = *std::move(sink);
    ASSERT_TRUE(sink_->open());
    ASSERT_TRUE(sink_->recover());
  }
  static Batch of(const Strings& texts) {
    Batch batch(static_cast<int64_t>(texts.size()));
    batch.set(text_column("text", {texts.begin(), texts.end()}));
    return batch;
  }
  void write(Batch batch) {
    const Done written = sink_->write(batch, 0ns);
    ASSERT_TRUE(written) << written.error().message;
  }
  void commit() {
    Batch rejected;
    const Done committed = sink_->commit({{{"stream", "1", 1}}, 1}, 0ns, rejected);
    ASSERT_TRUE(committed) << committed.error().message;
  }
  void stop() {
    EXPECT_TRUE(sink_->close(0ns));
    sink_.reset();
  }
  void die() {
    host_.files().crash_at(1);
    sink_.reset();
    host_.files().crash(Lose::nothing);
  }
  Strings contents() const {
    Strings all;
    for (const auto& path : out_.paths()) all.push_back(out_.content(path));
    return all;
  }
  std::string fault() {
    auto sink = FileSink::create(settings_, host_.host());
    return sink ? "none" : sink.error().option;
  }

  mutable testkit::FakeHost host_;
  SinkFiles out_{host_};
  FileSettings settings_;
  std::unique_ptr<FileSink> sink_;
};

TEST_F(FileAvroTest, files_of_each_codec_can_be_read_up_to_each_commit) {
  for (const auto kind :
       {Compressor::Kind::none, Compressor::Kind::gzip, Compressor::Kind::zstd, Compressor::Kind::snappy}) {
    settings_.compression = kind;
    start();
    const std::string large(700'000, 'x');
    write(of({"one", large, "two"}));
    commit();
    EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"one"}, {large}, {"two"}}));
    write(of({"three"}));
    commit();
    stop();
    const auto path = out_.paths()[0];
    EXPECT_TRUE(path.ends_with(".avro")) << path;
    EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"one"}, {large}, {"two"}, {"three"}}));
    out_.remove(path);
  }
}

TEST_F(FileAvroTest, a_block_has_the_rows_that_it_says) {
  start();
  const std::string row(99'996, 'x');  // With its length and the mark of its type 100,000 bytes.
  for (int batch = 0; batch < 3; ++batch) write(of({row, row}));
  commit();
  EXPECT_EQ(unpack_avro(contents()[0]).rows, (std::vector<int64_t>{2, 2, 2}));
}

TEST_F(FileAvroTest, a_file_that_dies_is_cut_behind_its_last_commit) {
  start();
  write(of({"committed"}));
  commit();
  write(of({std::string(300'000, 'x'), "lost"}));
  die();
  ASSERT_GT(contents()[0].size(), 300'000u);
  // Nothing of text comes behind it, whatever the sink writes now.
  settings_.format = FileSettings::Format::body;
  start();
  EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"committed"}}));
  write(batch_of({"a line"}));
  commit();
  die();
  settings_.format = FileSettings::Format::avro;
  start();
  EXPECT_EQ(contents()[1], "a line\n") << "which has its end";
}

TEST_F(FileAvroTest, rows_of_other_columns_go_to_a_file_of_their_own) {
  settings_.path = "/out/{host}";
  start();
  const auto of_hosts = [](const Strings& texts) {
    auto batch = of(texts);
    batch.set(text_column("host", {"a", "b"}));
    return batch;
  };
  write(of_hosts({"one", "two"}));
  auto wider = of_hosts({"three", "four"});
  wider.set(value_column<int64_t>("n", Type::int64, {7, {}}));
  write(std::move(wider));
  write(of_hosts({"five", "six"}));
  commit();
  host_.clock().advance(61s);
  ASSERT_TRUE(sink_->idle());
  ASSERT_EQ(out_.paths().size(), 4u);
  EXPECT_EQ(avro_strings(contents()[0], 2), (Rows{{"one", "a"}, {"five", "a"}}));
  EXPECT_EQ(avro_strings(contents()[2], 2), (Rows{{"two", "b"}, {"six", "b"}}));
  EXPECT_NE(unpack_avro(contents()[1]).schema.find("\"name\":\"n\""), std::string::npos);
}

TEST_F(FileAvroTest, settings_that_are_for_text_are_refused) {
  EXPECT_EQ(fault(), "none");
  settings_.suffix = ".data";
  EXPECT_EQ(fault(), "suffix");
  settings_.suffix = ".data.avro";
  EXPECT_EQ(fault(), "none");
  settings_.begin = "[";
  EXPECT_EQ(fault(), "begin");
  settings_.begin = "";
  settings_.end = "";
  EXPECT_EQ(fault(), "end");
  settings_.end = "\n";
  settings_.separator = ",";
  EXPECT_EQ(fault(), "separator");
  settings_.separator = "\n";
  settings_.format = FileSettings::Format::json;
  EXPECT_EQ(fault(), "suffix");
}

TEST_F(FileAvroTest, rows_have_a_body_and_may_have_nothing) {
  start();
  write(batch_of({"one", "two"}));
  write(Batch(3));
  write(Batch(2));
  commit();
  stop();
  ASSERT_EQ(contents().size(), 2u);
  EXPECT_EQ(avro_strings(contents()[0], 1), (Rows{{"one"}, {"two"}})) << "bytes are written as strings are";
  EXPECT_EQ(unpack_avro(contents()[1]).rows, std::vector<int64_t>{5});
}

}  // namespace
}  // namespace levada::file_sink
