// The compacted topic in which transactions keep their positions: one record for each
// stream of a transactional id.
#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <string>
#include <utility>

#include "kafka/conf.h"
#include "kafka/handles.h"
#include "kafka/log_limiter.h"
#include "levada/sdk.h"
#include "producer.h"

namespace levada::kafka_sink {

using Positions = std::map<std::string, Position>;  // By stream.

class PositionsTopic {
 public:
  // Up to where the topic is read: all that is in it, which waits for transactions that others have
  // open; or what no open transaction holds back.
  enum class Until { end, first_open_transaction };

  PositionsTopic(std::string name, KafkaConf reader, LogLimiter& log)
      : name_(std::move(name)), reader_(std::move(reader)), log_(log) {}

  // Makes the topic where it is missing.
  Done open(Producer& producer) const;
  // What the committed transactions of the id say.
  Result<Positions> read(const std::string& id, Until until) const;
  // Produces what makes the topic say `to` where it says `from`. Streams that are no longer there
  // get a tombstone: else a recovery would bring back positions that the checkpoint no longer has,
  // and compaction would keep them for ever.
  Result<int64_t> write(Producer& producer, const std::string& id, const Positions& from, const Positions& to) const;

 private:
  Result<Held<rd_kafka_t>> consumer(const char* isolation) const;

  const std::string name_;
  const KafkaConf reader_;
  LogLimiter& log_;
};

}  // namespace levada::kafka_sink
