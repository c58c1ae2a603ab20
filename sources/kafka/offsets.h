// What brokers say of offsets: each a question that waits for its answer.
#pragma once

#include <librdkafka/rdkafka.h>

#include "kafka/handles.h"
#include "levada/result.h"

namespace levada::kafka_source {

// The offsets for a time, or for -2 (the earliest) and -1 (the latest), of the partitions of a
// list, in its order. `what` is for the error.
Result<TopicPartitionList> offsets_at(rd_kafka_t* handle, const rd_kafka_topic_partition_list_t& partitions,
                                      int64_t time, const char* what);
// What the group has committed; negative where that is nothing.
Result<TopicPartitionList> committed_of(rd_kafka_t* handle, const rd_kafka_topic_partition_list_t& partitions);

}  // namespace levada::kafka_source
