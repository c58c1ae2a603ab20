// What a batch says of rows that are rejected. What becomes a row is tested with the spool source.
#include "rows/row_buffer.h"

#include <gtest/gtest.h>

#include <cstring>

#include "levada/testkit/fake_host.h"

namespace levada::rows {
namespace {

using testkit::texts;
using Texts = std::vector<std::string>;

Batch batch_of(RowRules rules, std::string_view text) {
  const testkit::FakeHost host("sources.test");
  RowBuffer buffer(std::move(rules), host.host());
  buffer.start_file("a", {});
  const auto room = buffer.room(text.size());
  std::memcpy(room.data(), text.data(), text.size());
  buffer.filled(text.size());
  buffer.split();
  buffer.end_file();
  return buffer.finish();
}

TEST(RowBuffer, marks_the_rows_that_it_has_cut) {
  RowRules rules;
  rules.line_bytes = 4;
  rules.invalid_utf8 = InvalidUtf8::reject;
  const auto batch = batch_of(rules, "good\n\xff\ntoo long\nlast");
  EXPECT_EQ(texts(batch, "body"), (Texts{"good", "\xff", "too ", "last"}));
  EXPECT_EQ(texts(batch, "cut"), (Texts{"false", "false", "true", "false"}));
}

TEST(RowBuffer, has_no_column_for_cut_rows_where_there_are_none) {
  RowRules rules;
  rules.invalid_utf8 = InvalidUtf8::reject;
  const auto batch = batch_of(rules, "good\n\xff\n");
  EXPECT_TRUE(batch.find("reason"));
  EXPECT_FALSE(batch.find("cut"));
}

}  // namespace
}  // namespace levada::rows
