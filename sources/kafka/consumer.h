// A librdkafka consumer from its start to its end.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "levada/result.h"
#include "subscription.h"

namespace levada::kafka_source {

// Who this consumer is in its group.
struct Membership {
  std::string member;
  int32_t generation = -1;
};

class Consumer : public Client {
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
  // All messages must be destroyed.
  ~Consumer();
  // Leaves the group so that the others need not wait for the session's end. Nothing but the
  // destruction may follow.
  void leave(std::chrono::nanoseconds timeout);

  // Waits for a broker to answer, and looks for the topics that are named.
  Done connect_to(const Topics& topics, std::chrono::nanoseconds timeout);
  // All partitions of topics that match. RETRY where one that is named
  // is not there. From any thread.
  Result<TopicPartitionList> find(const Topics& topics, std::chrono::nanoseconds timeout) const;
  Done subscribe(const Topics& topics);

  // Takes messages, of which some may be errors; calls the listener. Waits
  // for the first at most so long.
  size_t consume(std::chrono::nanoseconds timeout, rd_kafka_message_t** to, size_t room);
  // Ends a consume that waits. From any thread.
  void wake() { rd_kafka_queue_yield(queue_.get()); }

  Done assign(const rd_kafka_topic_partition_list_t& partitions);
  Done unassign(const rd_kafka_topic_partition_list_t& partitions);
  // Fetches some partitions from other offsets; `all` are those and the others that are assigned.
  Done restart(const rd_kafka_topic_partition_list_t& some, const rd_kafka_topic_partition_list_t& all);
  // Stops and goes on with the fetching of all that is assigned; a consumer that is paused still
  // hears of its group from consume.
  void pause();
  void resume();
  // The queue of one partition, which librdkafka forwards to that of this consumer; null where
  // there is none.
  Held<rd_kafka_queue_t> queue_of(const std::string& topic, int32_t partition) const {
    return Held<rd_kafka_queue_t>(rd_kafka_queue_get_partition(handle_, topic.c_str(), partition));
  }
  // Forwards it again, beginning with what is in it.
  void rejoin(rd_kafka_queue_t& queue_of_partition) const { rd_kafka_queue_forward(&queue_of_partition, queue_.get()); }
  Done commit(const rd_kafka_topic_partition_list_t& offsets);
  Membership membership() const;
  // The offset of the first message of the partition and that behind the last one, as far as is
  // known without asking.
  std::optional<std::pair<int64_t, int64_t>> known_ends(const std::string& topic, int32_t partition) const;

 private:
  Consumer(Listener& listener, LogLimiter& log) : Client(log), listener_(&listener) {}
  static Consumer& of(void* opaque) { return static_cast<Consumer&>(*static_cast<Client*>(opaque)); }
  void rebalance(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t& partitions);
  TopicPartitionList assignment() const;
  // Waits until the coordinator of the group has answered all that it was asked before.
  void wait_for_coordinator(std::chrono::nanoseconds timeout);
  void unsubscribe(std::chrono::nanoseconds timeout);
  bool eager() const { return std::string_view(rd_kafka_rebalance_protocol(handle_)) == "EAGER"; }

  Listener* listener_;
  Held<rd_kafka_queue_t> queue_;
  bool asks_to_leave_ = true, subscribed_ = false, closing_ = false;
};

// A consumer error in words.
std::string text_of(rd_kafka_resp_err_t error);

}  // namespace levada::kafka_source
