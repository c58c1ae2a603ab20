// The source that reads topics of Kafka: a stream for each partition, committed to the consumer
// group as far as its rows are stored downstream.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "alignment.h"
#include "assignment.h"
#include "background.h"
#include "batch_maker.h"
#include "consumer.h"
#include "inbox.h"
#include "kafka/conf.h"
#include "kafka/log_limiter.h"
#include "levada/backlog.h"
#include "levada/sdk.h"
#include "offset_resolver.h"
#include "other_members.h"
#include "settings.h"
#include "subscription.h"

namespace levada::kafka_source {

class KafkaSource : public Source {
 public:
  using Settings = KafkaSourceSettings;
  static constexpr auto options = with_connection(std::array{
      required<&Settings::topics>("topics", "Topics to read; one that starts with \"^\" is a regular expression."),
      optional<&Settings::group>(
          "group", nullptr,
          "The consumer group that divides the partitions and keeps offsets; else \"levada-\" and "
          "the component's name."),
      optional<&Settings::share>("share", nullptr,
                                 "A fixed share of the partitions instead, \"2/5\": the second of five agents."),
      optional<&Settings::start>(
          "start", "\"earliest\"",
          "Where a partition of which nothing is known begins: \"earliest\", \"latest\", a time, "
          "\"2026-01-31T10:00:00Z\", or \"offsets\"."),
      optional<&Settings::offsets>("offsets", nullptr,
                                   "With start = \"offsets\": the offset for each \"topic/partition\"; others begin at "
                                   "their earliest."),
      choice<&Settings::isolation>("isolation", "read_committed|read_uncommitted", "\"read_committed\"",
                                   "Whether messages of aborted and open transactions are left out."),
      choice<&Settings::columns>("columns", "topic|partition|offset|timestamp|key|headers",
                                 "[\"topic\", \"partition\", \"offset\", \"timestamp\", \"key\"]",
                                 "The columns beside the body, which is the message's value."),
      optional<&Settings::commit_offsets>("commit_offsets", "true",
                                          "Commit to the group what is stored downstream; false where a transactional "
                                          "Kafka sink does it."),
      optional<&Settings::align>(
          "align", "\"0s\"",
          "No partition is read further than this ahead, by message timestamps, of the one that is "
          "furthest behind and has more to read; 0: each as it comes."),
      optional<&Settings::until_idle>(
          "until_idle", nullptr, "End when all partitions are read to their end and nothing has come for so long."),
      optional<&Settings::batch_rows>("batch_rows", "10000", "Rows in a batch, at most.").advanced(),
      optional<&Settings::batch_bytes>("batch_bytes", "\"1MiB\"", "Bytes of values in a batch, about.").advanced(),
  });
  static Result<std::unique_ptr<KafkaSource>> create(Settings settings, Host host);
  ~KafkaSource() override;

  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view stream, std::string_view position) override;

  const void* extension(std::string_view id);
  // The partitions that it reads, each from the first row that the brokers have to the last.
  std::vector<BacklogItem> backlog();

 private:
  struct Parsed {
    std::string group;
    Topics topics;
    std::optional<Share> share;
    StartRule start;
    KafkaConf conf;
  };
  KafkaSource(const Settings& settings, Host host, Parsed parsed);
  Done start();
  void serve_unpolled();
  std::chrono::nanoseconds unpolled_for() const;
  void stop(std::chrono::nanoseconds timeout);
  Result<Batch> next_batch();
  Done sort_by_partition();
  Result<Batch> take_front(Inbox& from, int64_t latest);
  Done take_error(const rd_kafka_message_t& message);
  Batch announcement(Partition& partition);
  bool finished();
  // Whether nothing is left for this member, whatever others do.
  bool read_all_of_its_own();

  const Host host_;
  const Parsed parsed_;
  const bool commit_offsets_;
  const std::optional<std::chrono::nanoseconds> until_idle_;
  const BatchMaker maker_;
  std::mutex mutex_;  // Of all below. The host's calls hold it, and the background work where it can have it.
  std::string owner_;
  LogLimiter log_;
  Assignment assignment_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<OffsetResolver> offset_resolver_;  // Works with the consumer until it is gone.
  std::unique_ptr<OtherMembers> other_members_;      // Likewise.
  Inbox inbox_;                                      // Its messages are the consumer's.
  Alignment alignment_;                              // Likewise.
  std::chrono::nanoseconds idle_since_{};
  bool was_quiet_ = false, ended_ = false;
  bool paused_ = false;  // Nothing is fetched, as the host has not polled for long.
  std::chrono::steady_clock::time_point polled_{};
  std::optional<Background> background_;  // Last: it works with the members above.
};

}  // namespace levada::kafka_source
