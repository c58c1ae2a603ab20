// The partitions that are this source's: how they come, how far each is read, acknowledged and
// committed, and how they are let go of, so that nobody reads a row twice.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "consumer.h"
#include "kafka/position.h"
#include "levada/host.h"
#include "levada/sdk.h"
#include "offset_resolver.h"
#include "subscription.h"

namespace levada::kafka_source {

struct Partition {
  enum class Stage {
    placing,  // Ours; where to start is being found out.
    reading,
    leaving,  // Others wait for it, and it for the acknowledgement of what was handed out.
    away,
  };
  static constexpr int64_t kUnread = std::numeric_limits<int64_t>::min();  // Before any time.

  std::string topic, stream;
  int32_t number = 0;
  Stage stage = Stage::away;
  bool held_before = false;   // Not for the first time in this process.
  bool out_of_range = false;  // While placing: it was being read when the broker lost its rows.
  bool asked = false;         // While placing: the offset resolver is at it.
  bool handed_over = false;   // librdkafka knows that it is to be read.
  bool announced = true;      // Its position has left with a batch.
  bool at_end = false, reached_end = false;
  int32_t generation = -1;  // Of the group when it came.
  int64_t next = 0;         // Behind the last row that was handed out.
  int64_t acknowledged = 0;
  int64_t time = kUnread;  // That of the last row that was handed out, in milliseconds.
  int64_t placement = 0;   // How often it was placed.
  std::optional<int64_t> to_commit, committing, committed;

  bool settled() const { return acknowledged >= next; }
};

class Assignment : public Consumer::Listener {
 public:
  struct Rules {
    std::string cluster, group, owner;
    std::optional<Share> share;  // Nothing: the group divides the partitions.
    bool commit_offsets = true;
    std::chrono::nanoseconds leave_timeout{};  // How long others may be kept waiting.
    std::chrono::nanoseconds look_interval{};  // For new partitions, with a share.
  };
  Assignment(Host host, const Topics& topics, LogLimiter& log)
      : host_(host), topics_(topics), log_(log), rows_missing_(host.counter("rows_missing")) {}

  // From now on with this consumer; what an earlier one had is away. It must outlive
  // the offset resolver and this.
  void start(Consumer& consumer, OffsetResolver& offset_resolver, Rules rules);
  // Where the sinks stand.
  void set_checkpoints(std::span<const Position> positions);
  // Does what is due, without waiting. RETRY: the brokers could not be asked.
  Done serve();

  // The partition if rows of it may be handed out, else null.
  Partition* readable(const char* topic, int32_t partition);
  // One whose position has not left yet, else null.
  Partition* unannounced();
  std::string position_of(const Partition& partition) const;
  void at_end(const char* topic, int32_t partition);
  void out_of_range(const char* topic, int32_t partition);
  void acknowledge(const std::string& stream, std::string_view position);

  // Calls it with each partition that is being read.
  template <class Look>
  void for_each_read(Look look) const {
    for (const auto& [stream, partition] : partitions_)
      if (partition.stage == Partition::Stage::reading) look(partition);
  }

  // Whether all partitions that are ours are being read.
  bool complete() const;
  // Whether each of them has no more rows now, or has had none once.
  bool all_at_end() const;
  bool all_reached_end() const;

  // The streams of all that are ours.
  std::set<std::string> held() const;

  // Commits what is acknowledged, and waits for the answer; lets go of what is leaving.
  void finish(std::chrono::nanoseconds timeout);

  void assigned(const rd_kafka_topic_partition_list_t& partitions) override;
  void revoked(const rd_kafka_topic_partition_list_t& partitions, bool lost) override;
  void committed(rd_kafka_resp_err_t error, const rd_kafka_topic_partition_list_t* offsets) override;

 private:
  Partition& partition(const char* topic, int32_t number);
  Partition* find(const char* topic, int32_t number);
  void arrive(Partition& partition);
  void look_at(const rd_kafka_topic_partition_list_t& found);
  void ask();
  Wanted wanted(const Partition& partition) const;
  void apply(const std::vector<Placed>& placed);
  void report_missing(const Partition& partition, const Placed& placed);
  TopicPartitionList being_read() const;
  void hand_over();
  void commit(bool now);
  void let_go();
  bool may_go(const Partition& partition) const;

  const Host host_;
  const Topics& topics_;
  LogLimiter& log_;
  Counter rows_missing_;
  Consumer* consumer_ = nullptr;
  OffsetResolver* offset_resolver_ = nullptr;
  Rules rules_;
  Membership membership_;
  std::map<std::string, KafkaPosition> checkpoints_;  // By stream.
  std::map<std::string, Partition> partitions_;
  bool told_ = false;        // The first assignment, or look around, has come.
  bool assign_due_ = false;  // librdkafka waits for the partitions that it has assigned.
  bool placing_ = false;     // Some partition may be at that stage.
  bool announcing_ = false;  // Some partition may be unannounced.
  TopicPartitionList leaving_;
  std::chrono::nanoseconds leave_by_{}, next_commit_{}, next_look_{};
  std::chrono::steady_clock::time_point retry_commit_{};
};

}  // namespace levada::kafka_source
