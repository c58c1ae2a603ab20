// The offsets of a Kafka source's consumer group, committed in the sink's transactions, so that
// whoever takes the partitions over goes on behind the rows that were committed.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "kafka/handles.h"
#include "kafka/position.h"
#include "levada/host.h"
#include "positions_topic.h"

namespace levada::kafka_sink {

class GroupOffsets {
 public:
  explicit GroupOffsets(Host host) : host_(host), rows_fenced_(host.counter("rows_fenced")) {}

  // The cluster that the sink writes to: offsets of others are not in its reach.
  void set_cluster(std::string id) { cluster_ = std::move(id); }
  // FATAL where the batch comes from where no offset can be committed: a source that is none of
  // Kafka or reads a share, another cluster, a file channel.
  Done check(const Batch& batch) const;
  // The rows were read by a member of a generation that the group has left: another member has
  // their partition now, and reads them again. Counts them.
  bool fenced(const Batch& batch);
  // A position that must not be stored: it lies behind rows that were fenced.
  bool stale(std::string_view position) const;

  // Adds what differs from `from` to the transaction. IDLE: not within
  // the time, to be called again.
  Done send(rd_kafka_t* producer, const Positions& from, const Positions& to, std::chrono::nanoseconds timeout);

 private:
  // Whoever commits for a group says so.
  using Reader = std::tuple<std::string, std::string, int32_t>;  // Group, member, generation.
  static Reader reader_of(const KafkaPosition& position) {
    return {position.group, position.member, position.generation};
  }
  std::optional<KafkaPosition> ours(std::string_view position) const;
  Done check_assignor(rd_kafka_t* producer, const std::string& group);

  const Host host_;
  Counter rows_fenced_;
  std::string cluster_;
  std::set<Reader> stale_;
  std::set<std::string> checked_groups_;
};

}  // namespace levada::kafka_sink
