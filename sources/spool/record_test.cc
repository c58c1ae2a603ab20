// Records survive the way to text and back.
#include "record.h"

#include <gtest/gtest.h>

namespace levada::spool {
namespace {

TEST(Record, writes_a_position_that_a_person_can_read) {
  SpoolPosition position;
  position.pass = 12;
  EXPECT_EQ(text_of(position), R"({"pass":12})");
  position.file = "sub/a.log";
  position.identity = {2049, 77, 0x1234abcd, 1024, 0, 0, 0, 0};
  position.place = {4096, true, false};
  EXPECT_EQ(text_of(position),
            R"({"pass":12,"file":"sub/a.log","device":2049,"inode":77,"head":"000000001234abcd","head_bytes":1024,)"
            R"("offset":4096,"offset_in_array":true})");
}

TEST(Record, brings_a_pass_back) {
  Pass pass;
  pass.number = 7;
  pass.file = "a";
  pass.identity = {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, 3, 4, 5, ~uint64_t{0}, 6};
  pass.from = {1, true, true};
  pass.to = Place{2, false, true};
  pass.bytes = 3;
  pass.modified_ns = -4;
  pass.finished = pass.damaged = pass.set_aside = true;
  const auto record = RecordParser().parse(text_of(pass));
  ASSERT_TRUE(record && record->pass);
  EXPECT_EQ(text_of(*record->pass), text_of(pass));
  EXPECT_EQ(record->pass->modified_ns, -4);
  EXPECT_EQ(record->pass->identity.head, ~uint64_t{0});
  EXPECT_EQ(record->pass->identity.tail, ~uint64_t{0});
}

TEST(Record, says_which_file_is_completed) {
  const auto record = RecordParser().parse(text_of("completed", "a\"b", {1, 2, 3}));
  ASSERT_TRUE(record && record->completed);
  EXPECT_EQ(*record->completed, "a\"b");
  EXPECT_EQ(record->id, (FileId{1, 2, 3}));
}

TEST(Record, finds_no_record_in_other_text) {
  for (const auto* text : {"", "{}", "[1]", "nonsense", "{\"pass\":-1}", "{\"pass\":\"1\"}", "{\"pass\":1"})
    EXPECT_FALSE(RecordParser().parse(text)) << text;
}

}  // namespace
}  // namespace levada::spool
