// A librdkafka consumer from its start to its end.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kafka/conf.h"
#include "kafka/handles.h"
#include "kafka/log_limiter.h"
#include "levada/result.h"
#include "subscription.h"

namespace levada::kafka_source {

// Who this consumer is in its group.
struct Membership {
  std::string member;
  int32_t generation = -1;
};

class Consumer {
 public:
  // What it is told of, from within consume.
  class Listener {
   public:
    virtual ~Listener() = default;
    // These are ours from the next call of assign on, which must come, also for an empty list.
    virtual void assigned(const rd_kafka_topic_partition_list_t& partitions) = 0;
    // Others wait for these until unassign; lost: they have them already.
    virtual void revoked(const rd_kafka_topic_partition_list_t& partitions, bool lost) = 0;
    // What a commit came to.
    virtual void committed(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* offsets) = 0;
  };

  // Both must outlive the consumer.
  static Result<std::unique_ptr<Consumer>> start(const KafkaConf& conf, Listener& listener, LogLimiter& log);
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  // Leaves the group; waits no longer than a few seconds for that. All messages must be destroyed.
  ~Consumer();

  // Waits for a broker to answer, and looks for the topics that are named.
  Done connect(const Topics& topics, std::chrono::nanoseconds timeout);
  // All partitions of topics that match. RETRY where one that is named is not there. From any thread.
  Result<TopicPartitionList> find(const Topics& topics, std::chrono::nanoseconds timeout) const;
  Done subscribe(const Topics& topics);

  // Takes messages, of which some may be errors; calls the listener. Waits for the first at most so long.
  size_t consume(std::chrono::nanoseconds timeout, rd_kafka_message_t** to, size_t room);
  // Ends a consume that waits. From any thread.
  void wake() { rd_kafka_queue_yield(queue_.get()); }

  Done assign(const rd_kafka_topic_partition_list_t& partitions);
  Done unassign(const rd_kafka_topic_partition_list_t& partitions);
  // Fetches some partitions from other offsets; `all` are those and the others that are assigned.
  Done restart(const rd_kafka_topic_partition_list_t& some, const rd_kafka_topic_partition_list_t& all);
  Done commit(const rd_kafka_topic_partition_list_t& offsets);
  Membership membership() const;

  rd_kafka_t* handle() const { return handle_; }
  // Why this consumer can never consume again.
  std::optional<std::string> fatal_error() const;
  // A login that was refused since the last call.
  std::optional<std::string> take_refusal() { return std::exchange(refusal_, std::nullopt); }

 private:
  Consumer(Listener& listener, LogLimiter& log) : listener_(&listener), log_(&log) {}
  void rebalance(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t& partitions);
  bool eager() const { return std::string_view(rd_kafka_rebalance_protocol(handle_)) == "EAGER"; }

  Listener* listener_;
  LogLimiter* log_;
  rd_kafka_t* handle_ = nullptr;
  Held<rd_kafka_queue_t> queue_;
  std::optional<std::string> refusal_;
  bool subscribed_ = false, closing_ = false;
};

// A consumer error in words.
std::string text_of(rd_kafka_resp_err_t error);

}  // namespace levada::kafka_source
