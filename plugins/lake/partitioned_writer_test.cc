// Files have the rows that were written, by partition, and are described as they are.
#include "lake/partitioned_writer.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <set>

#include "lake/stores/local_store.h"
#include "levada/nested.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

using testkit::text_column;
using testkit::value_column;
using Strings = std::vector<std::string>;

class WriterTest : public testing::Test {
 protected:
  void start(std::vector<std::pair<std::string, std::string>> columns, WriterSettings settings = {}) {
    auto made = PartitionedWriter::create(
        *LakeSchema::parse(columns), std::move(settings), store_, host_.host(),
        [this](const std::string& folder) { return folder + std::to_string(next_++) + ".parquet"; });
    ASSERT_TRUE(made) << made.error().option << ": " << made.error().message;
    writer_ = *std::move(made);
  }
  std::string fault(std::vector<std::pair<std::string, std::string>> columns, WriterSettings settings) {
    auto made = PartitionedWriter::create(*LakeSchema::parse(columns), std::move(settings), store_, host_.host(),
                                          [](const std::string&) { return std::string("x"); });
    return made ? "none" : made.error().option + ": " + made.error().message;
  }
  void write(Batch batch) {
    const auto done = writer_->write(batch);
    ASSERT_TRUE(done) << done.error().message;
  }
  std::vector<WrittenFile> finish() {
    auto files = writer_->finish();
    EXPECT_TRUE(files) << files.error().message;
    return files ? *std::move(files) : std::vector<WrittenFile>();
  }
  std::shared_ptr<parquet::FileMetaData> footer(const std::string& path) {
    return parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(
                                                arrow::Buffer::FromString(host_.files().read_file("/lake/" + path))))
        ->metadata();
  }
  // The rows of a file, values with a bar between.
  Strings rows(const std::string& path) {
    auto source =
        std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(host_.files().read_file("/lake/" + path)));
    auto reader = parquet::arrow::OpenFile(source, arrow::default_memory_pool());
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    auto table = *(*(*reader)->ReadTable())->CombineChunks();
    Strings all;
    for (int64_t row = 0; row < table->num_rows(); ++row) {
      std::string line;
      for (const auto& column : table->columns()) line += (*column->GetScalar(row))->ToString() + "|";
      all.push_back(line);
    }
    return all;
  }
  static Batch batch_of(std::vector<std::optional<std::string>> keys, std::vector<std::optional<int64_t>> numbers) {
    Batch batch(static_cast<int64_t>(keys.size()));
    batch.set(text_column("k", keys));
    batch.set(value_column<int64_t>("n", Type::int64, numbers));
    return batch;
  }

  testkit::FakeHost host_;
  LocalStore store_{"/lake", host_.host()};
  int next_ = 0;
  std::unique_ptr<PartitionedWriter> writer_;
};

TEST_F(WriterTest, rows_without_partitions_are_in_one_file) {
  start({{"k", "text"}, {"n", "int32"}});
  write(batch_of({"a", {}, "longer than twelve bytes"}, {1, 2, {}}));
  write(batch_of({"b"}, {-5}));
  EXPECT_EQ(writer_->rows(), 4);
  EXPECT_EQ(writer_->open_files(), 1);
  const auto files = finish();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, "0.parquet");
  EXPECT_EQ(files[0].folder, "");
  EXPECT_EQ(files[0].rows, 4);
  EXPECT_EQ(files[0].bytes, static_cast<int64_t>(host_.files().read_file("/lake/0.parquet").size()));
  EXPECT_EQ(rows("0.parquet"), (Strings{"a|1|", "null|2|", "longer than twelve bytes|null|", "b|-5|"}));
  EXPECT_EQ(writer_->rows(), 0);
  EXPECT_TRUE(finish().empty());
  host_.files().crash();
  EXPECT_EQ(rows("0.parquet").size(), 4u);
}

// Rows whose values say their number, each third null, in a struct with a list of texts.
Batch nested_rows(int64_t first, int64_t count) {
  ValueBuilder<int64_t> numbers;
  TextBuilder keys, items;
  ListBuilder lists;
  StructBuilder structs;
  for (int64_t row = first; row < first + count; ++row) {
    keys.append(row % 5 < 2 ? "a" : "b");
    numbers.append(row);
    for (int64_t item = 0; item < row % 4; ++item) items.append("text " + std::to_string(100 * row + item));
    row % 7 == 6 ? lists.append_null(items.rows()) : lists.append(items.rows());
    row % 3 == 2 ? structs.append_null() : structs.append();
  }
  Batch batch(count);
  batch.set(std::move(keys).finish("k", Type::text));
  batch.set(std::move(structs).finish("s", {std::move(numbers).finish("n", Type::int64),
                                            std::move(lists).finish("l", std::move(items).finish("", Type::text))}));
  return batch;
}

std::string nested_row(int64_t row) {
  if (row % 3 == 2) return "null|";
  std::string items;
  for (int64_t item = 0; item < row % 4; ++item)
    items += (item > 0 ? ", text " : "text ") + std::to_string(100 * row + item);
  const auto list = row % 7 == 6 ? "null" : "list<element: string>[" + items + "]";
  return "{n:int64 = " + std::to_string(row) + ", l:list<element: string> = " + list + "}|";
}

TEST_F(WriterTest, nested_columns_are_in_the_files_of_their_rows) {
  for (const bool parted : {false, true}) {
    start({{"k", "text"}, {"s", "struct<n: int64, l: list<text>>"}}, {.partition_by = {"k"}, .sort_by = {}});
    if (!parted) start({{"s", "struct<n: int64, l: list<text>>"}});
    // More in a batch than Arrow's writer takes at once.
    for (int64_t first = 0; first < 20'000; first += 10'000) write(nested_rows(first, 10'050).slice(0, 10'000));
    Strings found, expected;
    const auto files = finish();
    EXPECT_EQ(files.size(), parted ? 2u : 1u);
    for (const auto& file : files) {
      for (auto& row : rows(file.path)) found.push_back(std::move(row));
      EXPECT_FALSE(file.columns[0].min);
    }
    for (int64_t row = 0; row < 20'000; ++row) expected.push_back(nested_row(row));
    if (parted) std::sort(found.begin(), found.end()), std::sort(expected.begin(), expected.end());
    EXPECT_EQ(found, expected);
  }
}

// Rows whose values say their number, with nulls, and texts that stand in their views or outside.
Batch flat_rows(int64_t first, int64_t count) {
  ValueBuilder<int64_t> numbers;
  BooleanBuilder flags;
  TextBuilder keys, texts;
  for (int64_t row = first; row < first + count; ++row) {
    keys.append(row % 5 < 2 ? "a" : "b");
    row % 7 == 6 ? numbers.append_null() : numbers.append(row);
    row % 4 == 3 ? flags.append_null() : flags.append(row % 2 == 0);
    row % 3 == 2 ? texts.append_null() : texts.append((row % 3 == 0 ? "text number " : "") + std::to_string(row));
  }
  Batch batch(count);
  batch.set(std::move(keys).finish("k", Type::text));
  batch.set(std::move(texts).finish("t", Type::text));
  batch.set(std::move(numbers).finish("n", Type::int64));
  batch.set(std::move(flags).finish("b"));
  batch.set(text_column("c", std::vector<std::optional<std::string>>(static_cast<size_t>(count), "always there")));
  return batch;
}

std::string flat_row(int64_t row) {
  const auto number = std::to_string(row);
  const auto text = row % 3 == 2 ? "null" : (row % 3 == 0 ? "text number " : "") + number;
  const auto flag = row % 4 == 3 ? "null" : row % 2 == 0 ? "true" : "false";
  return text + "|" + (row % 7 == 6 ? "null" : number) + "|" + flag + "|always there|";
}

TEST_F(WriterTest, rows_of_many_batches_keep_their_values_and_their_order) {
  for (const bool parted : {false, true}) {
    WriterSettings settings;
    settings.row_group_rows = 7'000;
    if (parted) settings.partition_by = {"k"};
    start({{"k", "text"}, {"t", "text"}, {"n", "int64"}, {"b", "boolean"}, {"c", "text not null"}}, settings);
    // More in a file than its writer takes at once; each batch has its own blocks of text.
    for (int64_t first = 0; first < 30'000; first += 10'000) write(flat_rows(first, 10'050).slice(0, 10'000));
    const auto files = finish();
    ASSERT_EQ(files.size(), parted ? 2u : 1u);
    for (size_t file = 0; file < files.size(); ++file) {
      Strings expected;
      for (int64_t row = 0; row < 30'000; ++row) {
        const bool is_a = row % 5 < 2;
        if (parted) {
          if (is_a == (file == 0)) expected.push_back(flat_row(row));
        } else {
          expected.push_back((is_a ? "a|" : "b|") + flat_row(row));
        }
      }
      EXPECT_EQ(rows(files[file].path), expected);
      EXPECT_EQ(footer(files[file].path)->num_row_groups(), (static_cast<int>(expected.size()) + 6'999) / 7'000);
    }
  }
}

TEST_F(WriterTest, the_leaves_of_nested_columns_are_encoded_as_their_values_are) {
  start({{"s", "struct<n: int64, l: list<text>>"}});
  write(nested_rows(0, 3000));
  const auto files = finish();
  const auto whole = footer(files[0].path);
  const auto group = whole->RowGroup(0);
  ASSERT_EQ(group->num_columns(), 2);
  for (int leaf = 0; leaf < 2; ++leaf) {
    const auto chunk = group->ColumnChunk(leaf);
    const auto& encodings = chunk->encodings();
    EXPECT_EQ(std::count(encodings.begin(), encodings.end(), parquet::Encoding::DELTA_BINARY_PACKED), 1 - leaf);
    EXPECT_EQ(std::count(encodings.begin(), encodings.end(), parquet::Encoding::RLE_DICTIONARY), 0);
  }
}

TEST_F(WriterTest, each_partition_has_its_file) {
  start({{"k", "text"}, {"n", "int64"}, {"d", "date"}}, {.partition_by = {"k", "d"}});
  Batch batch = batch_of({"a b", "x/y%", {}, "a b", "\xc3\xa4", ""}, {1, 2, 3, 4, 5, 6});
  batch.set(text_column("d", {"2026-01-31", "2026-01-31", "2026-01-31", "2026-01-31", {}, "2026-01-31"}));
  write(std::move(batch));
  auto files = finish();
  Strings seen;
  for (const auto& file : files) {
    std::string all = file.path + " ";
    for (const auto& value : file.partition_values) all += value.value_or("<null>") + ",";
    for (const auto& row : rows(file.path)) all += row;
    seen.push_back(all);
    EXPECT_TRUE(file.path.starts_with(file.folder));
    EXPECT_EQ(file.columns.size(), 1u);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (Strings{"k=__HIVE_DEFAULT_PARTITION__/d=2026-01-31/2.parquet <null>,2026-01-31,3|6|",
                           "k=a%20b/d=2026-01-31/0.parquet a b,2026-01-31,1|4|",
                           "k=x%2Fy%25/d=2026-01-31/1.parquet x/y%,2026-01-31,2|",
                           "k=\xc3\xa4/d=__HIVE_DEFAULT_PARTITION__/3.parquet \xc3\xa4,<null>,5|"}));
}

TEST_F(WriterTest, partitions_of_each_type_are_as_spark_writes_them) {
  start({{"b", "boolean"},
         {"i", "int8"},
         {"t", "timestamp_ms"},
         {"e", "decimal(9,2)"},
         {"s", "timestamp_s_ntz"},
         {"n", "int64"}},
        {.partition_by = {"b", "i", "t", "e", "s"}});
  Batch batch(2);
  batch.set(testkit::boolean_column("b", {true, false}));
  batch.set(value_column<int64_t>("i", Type::int64, {-1, 2}));
  batch.set(value_column<int64_t>("t", Type::int64, {1'780'272'000'250, -1}));
  batch.set(text_column("e", {"1.5", "-2"}));
  batch.set(value_column<int64_t>("s", Type::int64, {1'780'272'000, -1}));
  batch.set(value_column<int64_t>("n", Type::int64, {1, 2}));
  write(std::move(batch));
  Strings folders;
  for (const auto& file : finish()) folders.push_back(file.folder);
  EXPECT_EQ(folders, (Strings{"b=false/i=2/t=1969-12-31%2023%3A59%3A59.999/e=-2.00/s=1969-12-31%2023%3A59%3A59/",
                              "b=true/i=-1/t=2026-06-01%2000%3A00%3A00.25/e=1.50/s=2026-06-01%2000%3A00%3A00/"}));
}

TEST_F(WriterTest, partitions_have_times_as_far_as_they_can_be_counted) {
  start({{"t", "timestamp_ms"}, {"n", "int64"}}, {.partition_by = {"t"}});
  Batch batch(2);
  using Limits = std::numeric_limits<int64_t>;
  batch.set(value_column<int64_t>("t", Type::int64, {Limits::min(), Limits::max()}));
  batch.set(value_column<int64_t>("n", Type::int64, {1, 2}));
  write(std::move(batch));
  std::set<std::string> times;
  for (const auto& file : finish()) times.insert(file.folder.substr(file.folder.find("%20")));
  EXPECT_EQ(times, (std::set<std::string>{"%2007%3A12%3A55.807/", "%2016%3A47%3A04.192/"}));
}

TEST_F(WriterTest, a_file_rolls_by_rows_and_by_bytes) {
  start({{"k", "text"}, {"n", "int64"}}, {.roll_rows = 3});
  write(batch_of({"a", "b", "c", "d"}, {1, 2, 3, 4}));
  write(batch_of({"e", "f", "g"}, {5, 6, 7}));
  auto files = finish();
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].rows, 3);
  EXPECT_EQ(rows(files[1].path), (Strings{"d|4|", "e|5|", "f|6|"}));
  EXPECT_EQ(files[2].rows, 1);

  start({{"k", "text"}, {"n", "int64"}}, {.roll_bytes = 100'000});
  int64_t written = 0;
  while (next_ < 6) {
    std::vector<std::optional<std::string>> keys;
    std::vector<std::optional<int64_t>> numbers;
    for (int row = 0; row < 1000; ++row) {
      keys.push_back(std::to_string(host_.host().random()));
      numbers.push_back(row);
    }
    write(batch_of(keys, numbers));
    written += 1000;
  }
  files = finish();
  for (size_t at = 0; at + 1 < files.size(); ++at) {
    EXPECT_GT(files[at].bytes, 20'000);
    EXPECT_LT(files[at].bytes, 200'000);
  }
  for (const auto& file : files) written -= file.rows;
  EXPECT_EQ(written, 0);
}

TEST_F(WriterTest, files_can_be_completed_one_by_one) {
  start({{"k", "text"}, {"n", "int64"}}, {.partition_by = {"k"}});
  write(batch_of({"a", "b", "c"}, {1, 2, 3}));
  for (const int64_t left : {2, 1, 0}) {
    const auto completed = writer_->complete_one();
    ASSERT_TRUE(completed);
    EXPECT_TRUE(*completed);
    EXPECT_EQ(writer_->open_files(), left);
  }
  EXPECT_FALSE(*writer_->complete_one());
  EXPECT_EQ(finish().size(), 3u);
}

TEST_F(WriterTest, few_files_are_open_at_once) {
  start({{"k", "text"}, {"n", "int64"}}, {.partition_by = {"k"}, .max_open_files = 3});
  std::vector<std::optional<std::string>> keys;
  std::vector<std::optional<int64_t>> numbers;
  for (int row = 0; row < 1000; ++row) {
    keys.push_back(std::to_string(row % 10));
    numbers.push_back(row);
  }
  write(batch_of(keys, numbers));
  const auto files = finish();
  EXPECT_EQ(files.size(), 10u);
  int64_t rows = 0;
  for (const auto& file : files) rows += file.rows;
  EXPECT_EQ(rows, 1000);
}

TEST_F(WriterTest, little_memory_makes_small_row_groups_and_loses_nothing) {
  start({{"k", "text"}, {"n", "int64"}}, {.partition_by = {"k"}, .memory_bytes = 1 << 20});
  uint64_t sum = 0;
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<std::optional<std::string>> keys;
    std::vector<std::optional<int64_t>> numbers;
    for (int64_t row = 0; row < 5000; ++row) {
      keys.push_back(std::to_string(row % 7));
      numbers.push_back(static_cast<int64_t>(host_.host().random() >> 8));
      sum += static_cast<uint64_t>(*numbers.back());
    }
    write(batch_of(keys, numbers));
  }
  const auto files = finish();
  int groups = 0;
  for (const auto& file : files) {
    groups += footer(file.path)->num_row_groups();
    for (const auto& row : rows(file.path)) sum -= std::stoull(row);
  }
  EXPECT_GT(groups, 7);
  EXPECT_GT(host_.count("row_groups_ended_early"), 0);
  EXPECT_EQ(sum, 0u);
}

TEST_F(WriterTest, rows_are_sorted_within_a_row_group) {
  start({{"k", "text"}, {"n", "int64"}}, {.partition_by = {"k"}, .sort_by = {"n"}});
  write(batch_of({"a", "b", "a", "a", "b"}, {3, 9, 1, {}, 2}));
  write(batch_of({"a", "a"}, {2, 0}));
  auto files = finish();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(rows(files[0].path), (Strings{"null|", "0|", "1|", "2|", "3|"}));
  EXPECT_EQ(rows(files[1].path), (Strings{"2|", "9|"}));
  EXPECT_EQ(footer(files[0].path)->num_row_groups(), 1);

  start({{"k", "text"}, {"n", "int64"}}, {.sort_by = {"k", "n"}});
  write(batch_of({"b", "a", "b", "a"}, {1, 2, 0, 1}));
  EXPECT_EQ(rows(finish()[0].path), (Strings{"a|1|", "a|2|", "b|0|", "b|1|"}));
}

std::string text_of(const std::optional<Bound>& bound) {
  if (!bound) return "none";
  if (const auto* value = std::get_if<bool>(&*bound)) return *value ? "true" : "false";
  if (const auto* value = std::get_if<int64_t>(&*bound)) return std::to_string(*value);
  if (const auto* value = std::get_if<double>(&*bound)) return std::to_string(*value);
  return std::get<std::string>(*bound);
}

TEST_F(WriterTest, files_are_described_by_their_columns) {
  start({{"b", "boolean"},
         {"i", "int16"},
         {"f", "float32"},
         {"e", "decimal(9,2)"},
         {"l", "decimal(30,1)"},
         {"t", "timestamp_s"},
         {"x", "text"},
         {"y", "bytes"},
         {"none", "int32"}},
        {.sort_by = {"i"}, .row_group_rows = 2});
  Batch batch(3);
  batch.set(testkit::boolean_column("b", {true, {}, true}));
  batch.set(value_column<int64_t>("i", Type::int64, {3, -7, {}}));
  batch.set(value_column<double>("f", Type::float64, {0.5, -1, NAN}));
  batch.set(text_column("e", {"-1.5", "20", "3"}));
  batch.set(text_column("l", {"-1.5", "20", "3"}));
  batch.set(value_column<int64_t>("t", Type::int64, {5, 1, {}}));
  batch.set(text_column("x", {std::string(63, 'a') + "\xc3\xa4" + "b", "c", "b"}));
  batch.set(text_column("y", {"\xff", "\x01", {}}));
  write(std::move(batch));
  Strings seen;
  const auto files = finish();
  for (const auto& column : files[0].columns)
    seen.push_back(column.column + " " + column.type.name() + " " + std::to_string(column.nulls) + " " +
                   text_of(column.min) + (column.min_truncated ? "..." : "") + " " + text_of(column.max) +
                   (column.max_truncated ? "..." : ""));
  EXPECT_EQ(seen,
            (Strings{"b boolean 1 true true", "i int16 1 -7 3", "f float32 0 -1.000000 0.500000",
                     "e decimal(9,2) 0 -1.50 20.00", "l decimal(30,1) 0 -1.5 20.0", "t timestamp_s 1 1 5",
                     "x text 0 " + std::string(63, 'a') + "... c", "y bytes 1 \x01 \xff", "none int32 3 none none"}));
}

TEST_F(WriterTest, settings_that_fit_nothing_are_refused) {
  const std::vector<std::pair<std::string, std::string>> columns = {{"k", "text"}, {"f", "float64"}};
  EXPECT_EQ(fault(columns, {.partition_by = {"x"}}), "partition_by: there is no column \"x\"");
  EXPECT_EQ(fault(columns, {.partition_by = {"k", "k"}}), "partition_by: has \"k\" twice");
  EXPECT_EQ(fault(columns, {.partition_by = {"f"}}),
            "partition_by: column \"f\" is float64, which makes no partitions");
  EXPECT_EQ(fault({{"k", "text"}}, {.partition_by = {"k"}}), "partition_by: leaves no column for the files");
  EXPECT_EQ(fault(columns, {.sort_by = {"x"}}), "sort_by: there is no column \"x\"");
  EXPECT_EQ(fault(columns, {.compression = Compression::snappy, .compression_level = 3}),
            "compression_level: has no effect with this compression");
  EXPECT_EQ(fault(columns, {.compression_level = 100}),
            "compression_level: must be -131072 to 22 with this compression");
}

TEST_F(WriterTest, what_is_abandoned_is_named_and_not_said_to_be_written) {
  start({{"k", "text"}, {"n", "int64"}}, {.partition_by = {"k"}, .roll_rows = 2});
  write(batch_of({"a"}, {1}));
  EXPECT_TRUE(writer_->abandon().empty());
  EXPECT_EQ(writer_->rows(), 0);
  std::vector<std::optional<std::string>> keys(200'000, "a");
  std::vector<std::optional<int64_t>> numbers(200'000, 1);
  start({{"k", "text"}, {"n", "int64"}}, {.partition_by = {"k"}, .roll_rows = 150'000});
  write(batch_of(keys, numbers));
  EXPECT_EQ(writer_->abandon(), (Strings{"k=a/0.parquet", "k=a/1.parquet"}));
  EXPECT_EQ(writer_->open_files(), 0);
  EXPECT_TRUE(finish().empty());
}

TEST_F(WriterTest, whichever_call_to_the_disk_fails_it_is_said) {
  bool failed = true;
  int64_t calls = 0;
  for (int64_t n = 1; failed; ++n, ++calls) {
    start({{"k", "text"}, {"n", "int64"}}, {.partition_by = {"k"}, .roll_rows = 2});
    host_.files().fail_call(n, EIO);
    Batch batch = batch_of({"a", "a", "b"}, {1, 2, 3});
    auto done = writer_->write(batch);
    auto files = done ? writer_->finish() : Result<std::vector<WrittenFile>>(done.error());
    failed = !files;
    if (failed) {
      EXPECT_EQ(files.code(), Code::retry) << files.error().message;
      // Who goes on all the same does no harm.
      Batch too_early = batch_of({"a", "a", "b"}, {1, 2, 3});
      (void)writer_->write(too_early);
      EXPECT_FALSE(writer_->abandon().empty());
      Batch again = batch_of({"a", "a", "b"}, {1, 2, 3});
      ASSERT_TRUE(writer_->write(again));
      files = writer_->finish();
      ASSERT_TRUE(files);
    }
    host_.files().crash();
    EXPECT_EQ(files->size(), 2u);
    for (const auto& file : *files) EXPECT_EQ(rows(file.path).size(), static_cast<size_t>(file.rows));
    EXPECT_EQ(host_.files().open_handles(), 0);
  }
  EXPECT_GT(calls, 6);
}

}  // namespace
}  // namespace levada::lake
