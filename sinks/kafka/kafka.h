// The sink that writes rows to Kafka topics. It bounds the in-flight messages and waits for the
// report of each, so that memory is bounded and an idempotent producer costs no more than another.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "blamed_rows.h"
#include "configuration.h"
#include "in_flight_messages.h"
#include "kafka/log_limiter.h"
#include "levada/sdk.h"
#include "message_maker.h"
#include "producer.h"
#include "settings.h"
#include "topics.h"
#include "transactions.h"

namespace levada::kafka_sink {

class Kafka : public Sink {
 public:
  using Settings = KafkaSettings;
  static constexpr auto options = with_connection(std::array{
      required<&Settings::topic>("topic", "The topic; with columns, \"logs-{host}\", each row goes to its own."),
      optional<&Settings::key>("key", nullptr,
                               "The column that is the message key, or a pattern of columns, \"{user}/{host}\"."),
      optional<&Settings::headers>("headers", nullptr, "Message headers: a pattern of columns for each name."),
      choice<&Settings::value>("value", "body|json", "\"body\"",
                               "The message value: the body, or all other columns as a JSON object."),
      choice<&Settings::acks>("acks", "all|leader|none", "\"all\"",
                              "Which replicas must have stored a message before it counts as delivered."),
      optional<&Settings::idempotent>("idempotent", "true",
                                      "Keep the order and write no message twice when a request is repeated."),
      choice<&Settings::compression>("compression", "none|gzip|snappy|lz4|zstd", "\"none\"",
                                     "How batches of messages are compressed."),
      optional<&Settings::linger>("linger", "\"5ms\"", "How long a message waits for others to travel with."),
      optional<&Settings::in_flight>(
          "in_flight", "10000", "How many messages are sent at a time; the next follow when all of them are delivered.")
          .advanced(),
      optional<&Settings::in_flight_bytes>("in_flight_bytes", "\"512KiB\"",
                                           "How many bytes of values are sent at a time.")
          .advanced(),
      optional<&Settings::create_topics>("create_topics", "false", "Create topics that are not there."),
      optional<&Settings::partitions>("partitions", nullptr, "Partitions of a created topic; else the broker decides."),
      optional<&Settings::replication>("replication", nullptr, "Replicas of a created topic; else the broker decides."),
      optional<&Settings::topic_settings>("topic_settings", nullptr,
                                          "Settings of a created topic, such as retention.ms."),
      optional<&Settings::topics>(
          "topics", nullptr,
          "Topics for `levada topics`: { name = { partitions, replication, settings } }; what one lacks is as above."),
      optional<&Settings::apply_topics>("apply_topics", "false",
                                        "On start, make `topics` and alter those that are otherwise."),
      optional<&Settings::transactions>(
          "transactions", "false", "Write rows, and the positions that they came from, in transactions: exactly once."),
      optional<&Settings::transactional_id>(
          "transactional_id", nullptr,
          "The name under which positions are kept; else a random one that is kept in the agent's data_dir."),
      optional<&Settings::transaction_timeout>("transaction_timeout", "\"60s\"",
                                               "How long a transaction may take until the broker gives it up."),
      optional<&Settings::positions_topic>(
          "positions_topic", "\"levada-positions\"",
          "The compacted topic in which positions are kept; made where it is missing."),
      optional<&Settings::group_offsets>(
          "group_offsets", "false",
          "Commit the offsets of a Kafka source's group in the transaction; see below for when that is right.")
          .advanced(),
  });
  static Result<std::unique_ptr<Kafka>> create(Settings settings, Host host);

  bool keeps_checkpoint() const override { return transactions_ != nullptr; }
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;
  Done idle() override;
  const void* extension(std::string_view id);
  // For LEVADA_TOPICS.
  Done command(std::span<const std::string_view> arguments, const std::function<void(std::string_view)>& write);

 private:
  // The batch that is being handed to librdkafka, as the bound of in-flight messages allows.
  struct Feeding {
    uint32_t batch = 0;
    int64_t next = 0;
    int64_t rows = 0;
    std::vector<BlamedRows::Care> care = {};  // From `next` on.
    bool done() const { return next == rows; }
  };

  Kafka(const Settings& settings, Host host, KafkaConf conf, KafkaConf reader, KafkaConf admin, MessageMaker maker);
  Done start();
  void forget();
  Result<std::vector<Position>> roll_back();
  Done commit_transaction(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected);
  template <class Enough>
  void work(std::chrono::nanoseconds timeout, Enough enough);
  void count();
  // Hands over what there is room for. False: rows are left.
  bool feed();
  void feed_part();
  void feed_with_care();
  void make_messages(int64_t end);
  void make_plain_messages(int64_t end);
  bool make_message(InFlightMessages::Row row);
  void send_alone(InFlightMessages::Row row);
  Topic* topic_of(InFlightMessages::Row row);
  void produce();
  void produce(Topic& topic);
  void produce_with_headers(Topic& topic);
  void bind(uint32_t batch);

  const Host host_;
  const int64_t in_flight_rows_, in_flight_bytes_;
  const std::string constant_topic_;
  std::optional<NewTopic> new_topic_;
  std::vector<WantedTopic> topics_;
  const bool apply_topics_;
  KafkaConf conf_;
  KafkaConf admin_conf_;
  MessageMaker maker_;
  LogLimiter log_;
  InFlightMessages in_flight_;
  Feeding feeding_;
  BlamedRows blamed_;  // Until a commit succeeds.
  std::optional<uint32_t> bound_;
  std::vector<Topic*> touched_;  // Topics with messages to produce.
  int64_t made_bytes_ = 0;       // Of their values.
  Counter rows_delivered_, bytes_delivered_, values_replaced_, producers_replaced_;
  bool positions_written_ = false;  // For the commit under way.
  const std::unique_ptr<Transactions> transactions_;
  std::unique_ptr<Producer> producer_;  // Last: it reports to in_flight_ until it is gone.
};

}  // namespace levada::kafka_sink
