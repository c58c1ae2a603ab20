// Sends offsets to transactions, and remembers which generations of a group were refused.
#include "group_offsets.h"

#include <cstring>
#include <utility>

namespace levada::kafka_sink {
namespace {

constexpr std::chrono::seconds kAnswerTimeout{10};

bool says_that_others_read_on(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

}  // namespace

std::optional<KafkaPosition> GroupOffsets::ours(std::string_view text) const {
  auto position = read_kafka_position(text);
  if (!position || position->group.empty() || position->cluster != cluster_) return std::nullopt;
  return position;
}

Done GroupOffsets::check(const Batch& batch) const {
  if (batch.position.empty()) return {};
  const auto refused = [&](const std::string& why) {
    return fatal("group_offsets = true cannot work here: rows of " + batch.stream + " " + why +
                 "; set group_offsets = false");
  };
  const auto position = read_kafka_position(batch.position);
  if (!position) return refused("do not come from a Kafka source over a memory channel");
  if (position->group.empty()) return refused("are read by a share, not by a group");
  if (position->cluster != cluster_)
    return refused("are read from cluster " + position->cluster + " and written to " + cluster_);
  return {};
}

bool GroupOffsets::stale(std::string_view text) const {
  if (stale_.empty()) return false;
  const auto position = ours(text);
  return position && stale_.contains(reader_of(*position));
}

bool GroupOffsets::fenced(const Batch& batch) {
  if (!stale(batch.position)) return false;
  rows_fenced_.add(batch.rows());
  return true;
}

Done GroupOffsets::send(rd_kafka_t* producer, const Positions& from, const Positions& to,
                        std::chrono::nanoseconds timeout) {
  std::map<Reader, TopicPartitionList> offsets;
  for (const auto& [stream, each] : to) {
    const auto known = from.find(stream);
    if (known != from.end() && known->second.position == each.position) continue;
    const auto position = ours(each.position);
    if (!position) continue;
    auto& list = offsets[reader_of(*position)];
    if (!list) list = partition_list();
    auto* offset = rd_kafka_topic_partition_list_add(list.get(), position->topic.c_str(), position->partition);
    offset->offset = position->offset;
    const auto metadata = metadata_of_owner(position->owner);
    offset->metadata = ::strdup(metadata.c_str());
    offset->metadata_size = metadata.size();
  }
  for (const auto& [reader, list] : offsets) {
    const auto& [group, member, generation] = reader;
    LEVADA_TRY(check_assignor(producer, group));
    const Held<rd_kafka_consumer_group_metadata_t> metadata(
        rd_kafka_consumer_group_metadata_new_with_genid(group.c_str(), generation, member.c_str(), nullptr));
    const KafkaError error(
        rd_kafka_send_offsets_to_transaction(producer, list.get(), metadata.get(), milliseconds(timeout)));
    if (!error) continue;
    if (error.retriable()) return levada::idle();
    const auto what = "offsets of the group \"" + group + "\": " + error.text();
    if (!says_that_others_read_on(error.code())) return retry(what);
    stale_.insert(reader);
    host_.warning(what + "; generation " + std::to_string(generation) +
                  " of the group is over, and the rows that were read in it are read again by the partitions' new "
                  "owners: they are dropped here");
    return retry(what);
  }
  return {};
}

// With an assignor that lets members keep partitions from one generation to the next, rows of a
// generation that is over would be dropped though nobody reads them again.
Done GroupOffsets::check_assignor(rd_kafka_t* producer, const std::string& group) {
  if (checked_groups_.contains(group)) return {};
  const Held<rd_kafka_queue_t> answers(rd_kafka_queue_new(producer));
  const Held<rd_kafka_AdminOptions_t> options(
      rd_kafka_AdminOptions_new(producer, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
  char why[512];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds(kAnswerTimeout), why, sizeof why);
  const char* groups[] = {group.c_str()};
  rd_kafka_DescribeConsumerGroups(producer, groups, 1, options.get(), answers.get());
  const Held<rd_kafka_event_t> answer(rd_kafka_queue_poll(answers.get(), milliseconds(kAnswerTimeout) + 1000));
  const auto prefix = "the group \"" + group + "\" could not be looked up: ";
  if (!answer) return retry(prefix + "no broker answers");
  if (rd_kafka_event_error(answer.get())) return retry(prefix + rd_kafka_event_error_string(answer.get()));
  size_t count = 0;
  const auto** described =
      rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(answer.get()), &count);
  if (count == 0) return retry(prefix + "the broker says nothing of it");
  if (const auto* error = rd_kafka_ConsumerGroupDescription_error(described[0]))
    return retry(prefix + rd_kafka_error_string(error));
  // None while the group finds together: the next transaction looks again.
  const std::string assignor = rd_kafka_ConsumerGroupDescription_partition_assignor(described[0]);
  if (assignor.empty()) return {};
  if (assignor != "range" && assignor != "roundrobin")
    return fatal(
        "group_offsets = true does not go with the assignor \"" + assignor + "\" of the group \"" + group +
        "\": set librdkafka.partition.assignment.strategy = \"range\" of the source, or group_offsets = false");
  checked_groups_.insert(group);
  return {};
}

}  // namespace levada::kafka_sink
