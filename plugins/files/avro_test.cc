// Avro files, byte by byte; tests/lake has them read by programs of others.
#include <gtest/gtest.h>

#include <limits>

#include "files/avro_file.h"
#include "files/avro_rows.h"
#include "files/file_key.h"
#include "files/unpack_avro.h"
#include "levada/testkit/batches.h"

namespace levada::files {
namespace {

using Kind = Compressor::Kind;
using testkit::boolean_column;
using testkit::list_column;
using testkit::text_column;
using testkit::value_column;

const std::string kSync = "0123456789abcdef";

std::string encoded(const AvroRows& rows, int64_t row) {
  std::string text(rows.bound(row), '\0');
  const auto* end = rows.write(row, text.data());
  EXPECT_LE(end, text.data() + text.size());
  text.resize(static_cast<size_t>(end - text.data()));
  return text;
}
std::string encoded(Column column, int64_t row = 0) { return encoded(AvroRows({std::move(column)}), row); }
std::string field(const std::string& rest) {
  return R"({"type":"record","name":"row","fields":[{"name":)" + rest + R"(,"default":null}]})";
}
std::string schema_of(std::vector<Column> columns) { return AvroRows(std::move(columns)).schema(); }

TEST(AvroRows, numbers_are_zigzag) {
  const std::pair<int64_t, std::string> cases[] = {
      {0, {"\x02\x00", 2}},
      {-1, "\x02\x01"},
      {1, "\x02\x02"},
      {-64, "\x02\x7f"},
      {64, "\x02\x80\x01"},
      {8192, "\x02\x80\x80\x01"},
      {std::numeric_limits<int64_t>::max(), "\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {std::numeric_limits<int64_t>::min(), "\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"}};
  for (const auto& [value, bytes] : cases)
    EXPECT_EQ(encoded(value_column<int64_t>("n", Type::int64, {value})), bytes) << value;
}

TEST(AvroRows, each_type_has_its_encoding_and_its_schema) {
  EXPECT_EQ(encoded(boolean_column("b", {false, true}), 1), "\x02\x01");
  EXPECT_EQ(encoded(value_column<double>("x", Type::float64, {1.5})), std::string("\x02\0\0\0\0\0\0\xf8\x3f", 9));
  EXPECT_EQ(encoded(text_column("t", {"\xc3\xa4"})), "\x02\x04\xc3\xa4");
  EXPECT_EQ(encoded(text_column("t", {std::string(100, 'x')})), "\x02\xc8\x01" + std::string(100, 'x'));
  EXPECT_EQ(encoded(text_column("t", {""})), std::string("\x02\0", 2));
  EXPECT_EQ(encoded(text_column("t", {std::nullopt})), std::string("\0", 1));
  EXPECT_EQ(encoded(repeat("d", "b", 3), 2),
            "\x02\x02"
            "b");
  EXPECT_EQ(schema_of({boolean_column("b", {})}), field(R"("b","type":["null","boolean"])"));
  EXPECT_EQ(schema_of({value_column<int64_t>("n", Type::int64, {})}), field(R"("n","type":["null","long"])"));
  EXPECT_EQ(schema_of({value_column<double>("x", Type::float64, {})}), field(R"("x","type":["null","double"])"));
  EXPECT_EQ(schema_of({text_column("t", {})}), field(R"("t","type":["null","string"])"));
  EXPECT_EQ(schema_of({text_column("t", {}, Type::bytes)}), field(R"("t","type":["null","bytes"])"));
  EXPECT_EQ(schema_of({repeat("d", "b", 3)}), field(R"("d","type":["null","string"])"));
  EXPECT_EQ(schema_of({value_column<int64_t>("at", Type::timestamp, {})}),
            field(R"("at","type":["null",{"type":"long","logicalType":"timestamp-micros"}])"));
}

TEST(AvroRows, lists_are_arrays) {
  const auto lists = list_column("l", {{{1, -1}}, std::nullopt, std::vector<int64_t>()});
  EXPECT_EQ(schema_of({lists}), field(R"("l","type":["null",{"type":"array","items":["null","long"]}])"));
  EXPECT_EQ(encoded(lists, 0), std::string("\x02\x04\x02\x02\x02\x01\0", 7));
  EXPECT_EQ(encoded(lists, 1), std::string("\0", 1));
  EXPECT_EQ(encoded(lists, 2), std::string("\x02\0", 2));
}

TEST(AvroRows, structs_are_records_of_names_of_their_own) {
  StructBuilder inner, outer;
  inner.append(), inner.append_null(), inner.append();
  outer.append(), outer.append(), outer.append_null();
  const auto a = std::move(inner).finish("a", {text_column("x", {"one", "two", std::nullopt})});
  const auto column = std::move(outer).finish("s", {a, value_column<int64_t>("a_x", Type::int64, {1, {}, 3})});
  EXPECT_EQ(schema_of({column}), field(R"("s","type":["null",{"type":"record","name":"row_s","fields":[)"
                                       R"({"name":"a","type":["null",{"type":"record","name":"row_s_a","fields":[)"
                                       R"({"name":"x","type":["null","string"],"default":null}]}],"default":null},)"
                                       R"({"name":"a_x","type":["null","long"],"default":null}]}])"));
  EXPECT_EQ(encoded(column, 0), "\x02\x02\x02\x06one\x02\x02");
  EXPECT_EQ(encoded(column, 1), std::string("\x02\0\0", 3));
  EXPECT_EQ(encoded(column, 2), std::string("\0", 1));
  // Records that would have one name: of "s_a", and of "a" in "s".
  StructBuilder other;
  for (int row = 0; row < 3; ++row) other.append();
  const auto schema = schema_of({column, std::move(other).finish("s_a", {a})});
  EXPECT_NE(schema.find(R"("name":"row_s_a")"), schema.npos);
  EXPECT_NE(schema.find(R"("name":"row_s_a_2")"), schema.npos) << schema;
}

TEST(AvroRows, names_that_avro_does_not_have_are_mapped) {
  std::vector<Column> columns;
  for (const auto* name : {"a.b", "a_b", "1st", "", "\xc3\xa4\"", "_ok9"}) columns.push_back(text_column(name, {}));
  EXPECT_EQ(schema_of(columns),
            R"({"type":"record","name":"row","fields":[)"
            R"({"name":"a_b","column":"a.b","type":["null","string"],"default":null},)"
            R"({"name":"a_b_2","column":"a_b","type":["null","string"],"default":null},)"
            R"({"name":"_1st","column":"1st","type":["null","string"],"default":null},)"
            R"({"name":"_","column":"","type":["null","string"],"default":null},)"
            "{\"name\":\"___\",\"column\":\"\xc3\xa4\\\"\",\"type\":[\"null\",\"string\"],\"default\":null},"
            R"({"name":"_ok9","type":["null","string"],"default":null}]})");
}

TEST(AvroFile, blocks_of_each_codec_are_read_back) {
  const std::pair<Kind, const char*> codecs[] = {
      {Kind::none, "null"}, {Kind::gzip, "deflate"}, {Kind::zstd, "zstandard"}, {Kind::snappy, "snappy"}};
  const auto schema = std::make_shared<const std::string>("\"string\"");
  for (const auto& [kind, codec] : codecs) {
    Compressor compressor;
    AvroFile file(schema, kind, kSync);
    const std::string blocks[] = {
        "\x02"
        "a",
        std::string(1'000'000, 'x'), "z"};
    std::string whole;
    for (const auto& block : blocks) whole += file.block(compressor, static_cast<int64_t>(block.size()), block);
    const auto content = unpack_avro(whole);
    EXPECT_EQ(content.fault, "");
    EXPECT_EQ(content.codec, codec);
    EXPECT_EQ(content.schema, *schema);
    EXPECT_EQ(content.rows, (std::vector<int64_t>{2, 1'000'000, 1}));
    EXPECT_EQ(content.blocks, std::vector<std::string>(std::begin(blocks), std::end(blocks))) << codec;
    EXPECT_EQ(unpack_avro(whole.substr(0, whole.size() - 1)).fault, "a torn file");
  }
}

TEST(FileKey, schemas_are_told_apart_by_what_they_say) {
  const auto one = std::make_shared<const std::string>("one"), same = std::make_shared<const std::string>("one");
  const auto two = std::make_shared<const std::string>("two");
  EXPECT_EQ((FileKey{"a", one}), (FileKey{"a", same}));
  EXPECT_FALSE((FileKey{"a", one}) < (FileKey{"a", same}));
  EXPECT_TRUE((FileKey{"a", one}) < (FileKey{"a", two}));
  EXPECT_TRUE((FileKey{"a", two}) < (FileKey{"b", one}));
  EXPECT_TRUE((FileKey{"a"}) < (FileKey{"a", one}));
  EXPECT_FALSE((FileKey{"a"}) == (FileKey{"a", one}));
}

}  // namespace
}  // namespace levada::files
