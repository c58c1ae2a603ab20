// The questions, with their time limit.
#include "offsets.h"

#include <chrono>
#include <string>

#include "consumer.h"
#include "start.h"

namespace levada::kafka_source {
namespace {

constexpr std::chrono::seconds kTimeout{5};

TopicPartitionList with_offset(const rd_kafka_topic_partition_list_t& partitions, int64_t offset) {
  TopicPartitionList list(rd_kafka_topic_partition_list_copy(&partitions));
  for (int at = 0; at < list->cnt; ++at) list->elems[at].offset = offset;
  return list;
}

Done first_error(const rd_kafka_topic_partition_list_t& list, const char* what) {
  for (int at = 0; at < list.cnt; ++at)
    if (const auto& each = list.elems[at]; each.err)
      return retry(std::string(what) + " of " + stream_of(each.topic, each.partition) + ": " + text_of(each.err));
  return {};
}

}  // namespace

Result<TopicPartitionList> offsets_at(rd_kafka_t* handle, const rd_kafka_topic_partition_list_t& partitions,
                                      int64_t time, const char* what) {
  auto list = with_offset(partitions, time);
  if (const auto error = rd_kafka_offsets_for_times(handle, list.get(), milliseconds(kTimeout)))
    return retry(std::string(what) + " cannot be asked for: " + text_of(error));
  LEVADA_TRY(first_error(*list, what));
  return list;
}

Result<TopicPartitionList> committed_of(rd_kafka_t* handle, const rd_kafka_topic_partition_list_t& partitions) {
  auto list = with_offset(partitions, RD_KAFKA_OFFSET_INVALID);
  if (const auto error = rd_kafka_committed(handle, list.get(), milliseconds(kTimeout)))
    return retry("the offsets that the group has committed cannot be asked for: " + text_of(error));
  LEVADA_TRY(first_error(*list, "the committed offset"));
  return list;
}

}  // namespace levada::kafka_source
