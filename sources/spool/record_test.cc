// Records survive the way to text and back.
#include "record.h"

#include <gtest/gtest.h>

#include "file_name.h"

namespace levada::spool {
namespace {

TEST(Record, brings_any_file_name_back) {
  for (const std::string name :
       {"plain", "with \"quotes\" and \\", "100%", "%41", "caf\xc3\xa9", "caf\xe9", "line\nbreak", ""}) {
    EXPECT_EQ(from_text(to_text(name)), name);
    EXPECT_EQ(to_text(name).find_first_of("\"\\\n"), std::string::npos);
  }
  EXPECT_EQ(to_text("caf\xc3\xa9.log"), "caf\xc3\xa9.log");
}

TEST(Record, writes_a_position_that_a_person_can_read) {
  SpoolPosition position;
  position.pass = 12;
  EXPECT_EQ(text_of(position), R"({"pass":12})");
  position.file = "sub/a.log";
  position.identity = {2049, 77, 0x1234abcd, 1024};
  position.place = {4096, true, false};
  EXPECT_EQ(text_of(position),
            R"({"pass":12,"file":"sub/a.log","device":2049,"inode":77,"head":"000000001234abcd","head_bytes":1024,)"
            R"("offset":4096,"offset_in_array":true})");
}

TEST(Record, brings_a_pass_back) {
  Pass pass;
  pass.number = 7;
  pass.file = "a";
  pass.identity = {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, 3};
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
}

TEST(Record, finds_no_record_in_other_text) {
  for (const auto* text : {"", "{}", "[1]", "nonsense", "{\"pass\":-1}", "{\"pass\":\"1\"}", "{\"pass\":1"})
    EXPECT_FALSE(RecordParser().parse(text)) << text;
}

}  // namespace
}  // namespace levada::spool
