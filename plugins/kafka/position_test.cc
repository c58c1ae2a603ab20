// Positions come back as they were written.
#include "kafka/position.h"

#include <gtest/gtest.h>

namespace levada {
namespace {

TEST(KafkaPosition, comes_back_as_it_was_written) {
  const KafkaPosition position = {"4L6g3nShT-eMCtK", "my\tgroup 100%", "owner\n1", "logs", 7,
                                  1LL << 60,         "member-ü",       12};
  const auto text = write_kafka_position(position);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(read_kafka_position(text), position);
}

TEST(KafkaPosition, is_compact) {
  EXPECT_EQ(write_kafka_position({"c", "", "o", "logs", 3, 42, "", -1}), "kafka\tc\t\to\tlogs\t3\t42\t\t-1");
}

TEST(KafkaPosition, a_position_of_another_source_is_none_of_ours) {
  for (const auto* text :
       {"", "kafka", "17", "{\"file\":\"a\"}", "spool\tc\t\to\tlogs\t3\t42\t\t-1",
        "kafka\tc\t\to\tlogs\tthree\t42\t\t-1", "kafka\tc\t\to\tlogs\t3\t\t\t-1",
        "kafka\tc\t\to\tlogs\t3\t42\t\t-1\tmore", "kafka\tc\t\to\tlogs\t3\t99999999999999999999\t\t1"})
    EXPECT_FALSE(read_kafka_position(text)) << text;
}

TEST(OwnerOfMetadata, is_found_in_what_levada_committed_only) {
  EXPECT_EQ(owner_of_metadata(metadata_of_owner("a1b2")), "a1b2");
  EXPECT_FALSE(owner_of_metadata(""));
  EXPECT_FALSE(owner_of_metadata("levada"));
  EXPECT_FALSE(owner_of_metadata("somebody else"));
}

}  // namespace
}  // namespace levada
