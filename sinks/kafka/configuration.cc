// Which librdkafka property follows from which option of the sink.
#include "configuration.h"

#include <array>

#include "kafka/handles.h"
#include "producer.h"

namespace levada::kafka_sink {
namespace {

constexpr std::array kOwned = {
    OwnedProperty{"acks", "acks"},
    OwnedProperty{"request.required.acks", "acks"},
    OwnedProperty{"enable.idempotence", "idempotent"},
    OwnedProperty{"compression.codec", "compression"},
    OwnedProperty{"compression.type", "compression"},
    OwnedProperty{"linger.ms", "linger"},
    OwnedProperty{"queue.buffering.max.ms", "linger"},
    OwnedProperty{"queue.buffering.max.messages", "in_flight"},
    OwnedProperty{"queue.buffering.max.kbytes", "in_flight_bytes"},
    OwnedProperty{"delivery.report.only.error", ""},
    OwnedProperty{"transactional.id", "transactional_id"},
    OwnedProperty{"transaction.timeout.ms", "transaction_timeout"},
};

Done set_delivery(KafkaConf& conf, const KafkaSettings& settings) {
  constexpr std::array kAcks = {"-1", "1", "0"};
  constexpr std::array kCompressions = {"none", "gzip", "snappy", "lz4", "zstd"};
  if (settings.idempotent && settings.acks != KafkaSettings::Acks::all)
    return wrong("acks", "an idempotent producer needs acks = \"all\"; set idempotent = false for less");
  if (settings.in_flight < 1 || settings.in_flight > 1'000'000)
    return wrong("in_flight", "must be 1 to 1000000 messages");
  if (settings.in_flight_bytes.bytes < 1) return wrong("in_flight_bytes", "must be at least 1 byte");

  LEVADA_TRY(conf.set("enable.idempotence", settings.idempotent ? "true" : "false", "idempotent"));
  LEVADA_TRY(conf.set("acks", kAcks[static_cast<size_t>(settings.acks)], "acks"));
  LEVADA_TRY(conf.set("compression.codec", kCompressions[static_cast<size_t>(settings.compression)], "compression"));
  const std::chrono::duration<double, std::milli> linger = settings.linger;
  LEVADA_TRY(conf.set("linger.ms", std::to_string(linger.count()), "linger"));
  // The sink bounds what librdkafka holds; its own bounds stay out of the way. A transaction has a
  // message for each position besides.
  constexpr int64_t kMostPositions = 100'000;
  const auto messages = settings.in_flight + (settings.transactions ? kMostPositions : 0);
  LEVADA_TRY(conf.set("queue.buffering.max.messages", std::to_string(messages), "in_flight"));
  LEVADA_TRY(conf.set("queue.buffering.max.kbytes", "2147483647", "in_flight_bytes"));
  // Brokers refuse batches over 1 MiB unless told otherwise.
  LEVADA_TRY(conf.set("batch.num.messages", "10000", ""));
  LEVADA_TRY(conf.set("batch.size", "1000000", ""));
  // No message is given up: the host waits, and says so. One of a
  // transaction is when the transaction is.
  if (!settings.transactions) LEVADA_TRY(conf.set("message.timeout.ms", "0", ""));
  // The same partition for the same key as Java's producers choose.
  return conf.set("partitioner", "murmur2_random", "");
}

Done set_transactions(KafkaConf& conf, const KafkaSettings& settings) {
  if (!settings.transactions) {
    for (const auto& [set, option] : {std::pair{settings.transactional_id.has_value(), "transactional_id"},
                                      {settings.group_offsets, "group_offsets"}})
      if (set) return wrong(option, "has no effect without transactions = true");
    return {};
  }
  if (!settings.idempotent) return wrong("idempotent", "must be true with transactions = true");
  const auto timeout = settings.transaction_timeout;
  if (timeout < std::chrono::seconds(1) || timeout > std::chrono::hours(24))
    return wrong("transaction_timeout", "must be between 1s and 1d");
  LEVADA_TRY(conf.set("transaction.timeout.ms", std::to_string(milliseconds(timeout)), "transaction_timeout"));
  if (const char* fault = fault_of_topic_name(settings.positions_topic))
    return wrong("positions_topic", "the name \"" + settings.positions_topic + "\" " + fault);
  if (!settings.transactional_id) return {};
  if (settings.transactional_id->empty()) return wrong("transactional_id", "is empty");
  return conf.set("transactional.id", *settings.transactional_id, "transactional_id");
}

}  // namespace

Result<KafkaConf> producer_conf(const KafkaSettings& settings) {
  KafkaConf conf;
  LEVADA_TRY(conf.set_connection(settings));
  LEVADA_TRY(set_delivery(conf, settings));
  LEVADA_TRY(set_transactions(conf, settings));
  LEVADA_TRY(conf.set_properties(settings.librdkafka, "sink", kOwned));
  LEVADA_TRY(conf.try_out(RD_KAFKA_PRODUCER));
  return conf;
}

Result<KafkaConf> admin_conf(const KafkaSettings& settings) {
  KafkaConf conf;
  LEVADA_TRY(conf.set_connection(settings));
  LEVADA_TRY(conf.set_properties(settings.librdkafka, "sink", kOwned));
  return conf;
}

Result<KafkaConf> reader_conf(const KafkaSettings& settings) {
  KafkaConf conf;
  LEVADA_TRY(conf.set_connection(settings));
  LEVADA_TRY(conf.set_properties(settings.librdkafka, "sink", kOwned));
  LEVADA_TRY(conf.set("enable.partition.eof", "true", ""));
  LEVADA_TRY(conf.set("fetch.wait.max.ms", "10", ""));
  return conf;
}

}  // namespace levada::kafka_sink
