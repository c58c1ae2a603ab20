// Where a partition of a Kafka topic stands, as the text that the Kafka source
// names and a Kafka sink can read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace levada {

// A sink of the same cluster that is told to (group_offsets) commits the offset to the group within
// its transaction, for this member and generation. It counts on this: while the member reads on,
// what it read in an earlier generation was either committed before that generation ended, or is
// read again from the group's committed offset. That holds where partitions are assigned eagerly
// ("range", "roundrobin"): all are given back, once their rows are acknowledged, before a
// generation ends, and start anew at the committed offset.
struct KafkaPosition {
  std::string cluster;  // Its id.
  std::string group;    // The consumer group; empty for a source with a fixed share.
  std::string owner;    // The id of the agent, which the source keeps in its data folder.
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;      // Of the next row.
  std::string member;      // Who in the group read the rows: its id,
  int32_t generation = 0;  // and the generation of the group in which the partition was read.
  bool operator==(const KafkaPosition&) const = default;
};

// One line: "kafka<tab>cluster<tab>...".
std::string write_kafka_position(const KafkaPosition& position);
// Nothing where the text is another source's.
std::optional<KafkaPosition> read_kafka_position(std::string_view text);

// The metadata text of an offset that is committed to a group, by the
// source or in a sink's transaction.
inline std::string metadata_of_owner(std::string_view owner) { return "levada " + std::string(owner); }
// The owner in such a text; nothing where somebody else committed.
inline std::optional<std::string_view> owner_of_metadata(std::string_view metadata) {
  constexpr std::string_view kPrefix = "levada ";
  if (!metadata.starts_with(kPrefix)) return std::nullopt;
  return metadata.substr(kPrefix.size());
}

}  // namespace levada
