// Makes batches of messages. Bodies and keys are copied into one block: a message that is lent
// costs more than its copy, and keeps alive all that was fetched with it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <span>
#include <string>
#include <vector>

#include "levada/batch.h"

namespace levada::kafka_source {

class BatchMaker {
 public:
  // `columns` are known names: "topic", "partition", "offset", "timestamp", "key", "headers".
  explicit BatchMaker(const std::vector<std::string>& columns);

  // Of messages of one partition.
  Batch make(std::span<rd_kafka_message_t* const> messages) const;

 private:
  bool topic_ = false, partition_ = false, offset_ = false, timestamp_ = false, key_ = false, headers_ = false;
};

// The headers as a JSON object; a name that comes more than once has an array of values. Bytes that
// are not UTF-8 are replaced by U+FFFD. False where the message has none.
bool append_headers(const rd_kafka_message_t& message, std::string& to);

}  // namespace levada::kafka_source
