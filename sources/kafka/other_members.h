// What is left to the other members of a group. A member that was killed keeps its partitions until
// its session has timed out: if all others ended before, nobody would read them.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "consumer.h"
#include "kafka/conf.h"
#include "kafka/log_limiter.h"
#include "levada/host.h"
#include "subscription.h"

namespace levada::kafka_source {

class OtherMembers {
 public:
  using Streams = std::set<std::string>;

  // Asks with the consumer, and wakes it when there is an answer; looks for rows with one more of
  // its kind, made with `conf`.
  OtherMembers(Host host, Consumer& consumer, const Topics& topics, KafkaConf conf, LogLimiter& log)
      : host_(host), consumer_(consumer), topics_(topics), conf_(std::move(conf)), log_(log) {}
  // Waits for the question that is under way: some seconds at most.
  ~OtherMembers() = default;

  // Whether the group has committed all rows of the partitions that are not `ours`, as far as they
  // were there when this was first asked. Waits for nothing: as long as the answer is not known, it
  // is no.
  bool have_read_all(Streams ours);

 private:
  struct End {
    std::string topic;
    int32_t partition;
    int64_t committed;  // A negative one is the beginning.
    int64_t end;        // Behind the last row that counts.
  };

  Result<Streams> unread(const Streams& ours);
  Done note_ends(const rd_kafka_topic_partition_list_t& partitions);
  Result<Streams> with_rows(const std::vector<End>& ends) const;
  void say(const Streams& unread) const;

  const Host host_;
  Consumer& consumer_;
  const Topics& topics_;
  const KafkaConf conf_;
  LogLimiter& log_;
  std::map<std::string, int64_t> ends_;  // By stream, as they were first seen. The question's while one is under way.
  Streams asked_for_;                    // Ours, when the question was put.
  std::chrono::nanoseconds next_{};      // No question before.
  std::future<Result<Streams>> answer_;  // Last: it works with the members above.
};

}  // namespace levada::kafka_source
