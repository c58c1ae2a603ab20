// The sink that writes rows to Kafka topics. It hands librdkafka no more than a window of messages and counts them back
// in, so that memory is bounded and an idempotent producer costs no more than another.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "configuration.h"
#include "levada/sdk.h"
#include "log_limiter.h"
#include "message_maker.h"
#include "producer.h"
#include "settings.h"
#include "window.h"

namespace levada {

class Kafka : public Sink {
 public:
  using Settings = KafkaSettings;
  static constexpr std::array options = {
      required<&Settings::brokers>("brokers",
                                   "Some brokers of the cluster, as host:port; the others are found through them."),
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
      optional<&Settings::window>(
          "window", "10000", "How many messages are sent at a time; the next follow when all of them are delivered.")
          .advanced(),
      optional<&Settings::window_bytes>("window_bytes", "\"512KiB\"", "How many bytes of values are sent at a time.")
          .advanced(),
      optional<&Settings::create_topics>("create_topics", "false", "Create topics that are not there."),
      optional<&Settings::partitions>("partitions", nullptr, "Partitions of a created topic; else the broker decides."),
      optional<&Settings::replication>("replication", nullptr, "Replicas of a created topic; else the broker decides."),
      optional<&Settings::topic_settings>("topic_settings", nullptr,
                                          "Settings of a created topic, such as retention.ms."),
      optional<&Settings::tls>("tls", "false", "Encrypt the connections."),
      optional<&Settings::ca_file>("ca_file", nullptr,
                                   "PEM file with the authorities whose brokers are trusted; else the system's."),
      optional<&Settings::certificate_file>("certificate_file", nullptr,
                                            "PEM file with the certificate that the sink shows to brokers."),
      optional<&Settings::key_file>("key_file", nullptr, "PEM file with the key of certificate_file."),
      optional<&Settings::sasl_mechanism>("sasl_mechanism", nullptr,
                                          "How to log in: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER."),
      optional<&Settings::username>("username", nullptr, "The user to log in as."),
      optional<&Settings::password>("password", nullptr, "The user's password.").secret(),
      optional<&Settings::librdkafka>("librdkafka", nullptr, "Any other setting of librdkafka, by its name there.")
          .advanced(),
  };
  static Result<std::unique_ptr<Kafka>> create(Settings settings, Host host);

  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Token& token, std::chrono::nanoseconds timeout, Batch& rejected) override;
  Done idle() override;

 private:
  // The batch that is being handed to librdkafka, as room in the window allows.
  struct Feeding {
    uint32_t parcel = 0;
    int64_t next = 0;
    int64_t rows = 0;
    bool done() const { return next == rows; }
  };

  Kafka(const Settings& settings, Host host, Configuration configuration, MessageMaker maker);
  Done start();
  template <class Enough>
  void work(std::chrono::nanoseconds timeout, Enough enough);
  void count();
  // Hands over what there is room for. False: rows are left.
  bool feed();
  void feed_part();
  void make_messages(int64_t end);
  void make_plain_messages(int64_t end);
  bool make_message(Window::Row row);
  void send_alone(Window::Row row);
  Topic* topic_of(Window::Row row);
  void produce();
  void produce(Topic& topic);
  void produce_with_headers(Topic& topic);
  void bind(uint32_t parcel);

  const Host host_;
  const int64_t window_size_, window_bytes_;
  const std::string constant_topic_;
  NewTopics new_topics_;
  const Configuration configuration_;
  MessageMaker maker_;
  LogLimiter log_;
  Window window_;
  Feeding feeding_;
  std::optional<uint32_t> bound_;
  std::vector<Topic*> touched_;  // Topics with messages to produce.
  int64_t made_bytes_ = 0;       // Of their values.
  Counter rows_delivered_, bytes_delivered_, values_replaced_, producers_replaced_;
  std::unique_ptr<Producer> producer_;  // Last: it reports to the window until it is gone.
};

}  // namespace levada
