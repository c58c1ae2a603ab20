// Which librdkafka property follows from which option, and which may not be set beside them.
#include "configuration.h"

#include <array>
#include <charconv>
#include <string_view>

namespace levada {
namespace {

struct Owned {
  std::string_view property;
  std::string_view option;  // Empty: the sink depends on its value.
};
constexpr std::array kOwned = {
    Owned{"bootstrap.servers", "brokers"},
    Owned{"metadata.broker.list", "brokers"},
    Owned{"acks", "acks"},
    Owned{"request.required.acks", "acks"},
    Owned{"enable.idempotence", "idempotent"},
    Owned{"compression.codec", "compression"},
    Owned{"compression.type", "compression"},
    Owned{"linger.ms", "linger"},
    Owned{"queue.buffering.max.ms", "linger"},
    Owned{"queue.buffering.max.messages", "window"},
    Owned{"queue.buffering.max.kbytes", "window_bytes"},
    Owned{"security.protocol", "tls and sasl_mechanism"},
    Owned{"ssl.ca.location", "ca_file"},
    Owned{"ssl.certificate.location", "certificate_file"},
    Owned{"ssl.key.location", "key_file"},
    Owned{"sasl.mechanism", "sasl_mechanism"},
    Owned{"sasl.mechanisms", "sasl_mechanism"},
    Owned{"sasl.username", "username"},
    Owned{"sasl.password", "password"},
    Owned{"delivery.report.only.error", ""},
    Owned{"transactional.id", ""},
};

void flatten_into(const Tree& table, const std::string& prefix, Properties& to) {
  for (size_t at = 0; at < table.size(); ++at) {
    const Tree item = table[at];
    const auto name = prefix + std::string(item.key());
    char number[32];
    switch (item.type()) {
      case LEVADA_TREE:
        flatten_into(item, name + ".", to);
        break;
      case LEVADA_BOOLEAN:
        to.emplace_back(name, item.integer() ? "true" : "false");
        break;
      case LEVADA_INTEGER:
        to.emplace_back(name, std::to_string(item.integer()));
        break;
      case LEVADA_NUMBER:
        to.emplace_back(name, std::string(number, std::to_chars(number, number + sizeof number, item.number()).ptr));
        break;
      case LEVADA_STRINGS: {
        std::string joined;
        for (size_t each = 0; each < item.size(); ++each) (joined += each ? "," : "") += item[each].text();
        to.emplace_back(name, joined);
        break;
      }
      default:
        to.emplace_back(name, item.text());
    }
  }
}

}  // namespace

Properties flatten(const Tree& table) {
  Properties properties;
  flatten_into(table, "", properties);
  return properties;
}

Done check_version(int version, const std::string& text) {
  constexpr int kOldest = 0x020601ff;
  if (version >= kOldest) return {};
  return fatal(
      "librdkafka " + text +
      " is loaded, and 2.6.1 is the oldest that works: older ones cannot log in with SCRAM and "
      "fail in transactions. Install a newer librdkafka1, or put the library that levada was built with beside its "
      "plugins");
}

Result<Configuration> Configuration::from(const KafkaSettings& settings) {
  LEVADA_TRY(check_version(rd_kafka_version(), rd_kafka_version_str()));
  Configuration configuration;
  LEVADA_TRY(configuration.set_delivery(settings));
  LEVADA_TRY(configuration.set_security(settings));
  LEVADA_TRY(configuration.set_properties(flatten(settings.librdkafka)));
  LEVADA_TRY(configuration.try_out());
  std::string brokers;
  for (const auto& broker : settings.brokers) (brokers += brokers.empty() ? "" : ",") += broker;
  if (brokers.empty()) return wrong("brokers", "names no broker; write [\"host:9092\"]");
  LEVADA_TRY(configuration.set("bootstrap.servers", brokers, "brokers"));
  return configuration;
}

Done Configuration::set(const std::string& name, const std::string& value, const std::string& option) {
  char why[512];
  if (rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK) return {};
  return wrong(option, why);
}

Done Configuration::set_delivery(const KafkaSettings& settings) {
  constexpr std::array kAcks = {"-1", "1", "0"};
  constexpr std::array kCompressions = {"none", "gzip", "snappy", "lz4", "zstd"};
  if (settings.idempotent && settings.acks != KafkaSettings::Acks::all)
    return wrong("acks", "an idempotent producer needs acks = \"all\"; set idempotent = false for less");
  if (settings.window < 1 || settings.window > 1'000'000) return wrong("window", "must be 1 to 1000000 messages");
  if (settings.window_bytes.bytes < 1) return wrong("window_bytes", "must be at least 1 byte");

  LEVADA_TRY(set("client.id", "levada", ""));
  LEVADA_TRY(set("log.thread.name", "false", ""));
  LEVADA_TRY(set("enable.idempotence", settings.idempotent ? "true" : "false", "idempotent"));
  LEVADA_TRY(set("acks", kAcks[static_cast<size_t>(settings.acks)], "acks"));
  LEVADA_TRY(set("compression.codec", kCompressions[static_cast<size_t>(settings.compression)], "compression"));
  const std::chrono::duration<double, std::milli> linger = settings.linger;
  LEVADA_TRY(set("linger.ms", std::to_string(linger.count()), "linger"));
  // The window bounds what librdkafka holds; its own bounds stay out of the way.
  LEVADA_TRY(set("queue.buffering.max.messages", std::to_string(settings.window), "window"));
  LEVADA_TRY(set("queue.buffering.max.kbytes", "2147483647", "window_bytes"));
  // Brokers refuse batches over 1 MiB unless told otherwise.
  LEVADA_TRY(set("batch.num.messages", "10000", ""));
  LEVADA_TRY(set("batch.size", "1000000", ""));
  // No message is given up: the host waits, and says so.
  LEVADA_TRY(set("message.timeout.ms", "0", ""));
  // The same partition for the same key as Java's producers choose.
  return set("partitioner", "murmur2_random", "");
}

Done Configuration::set_security(const KafkaSettings& settings) {
  const bool sasl = settings.sasl_mechanism.has_value();
  if (!settings.tls)
    for (const auto& [file, option] : {std::pair{&settings.ca_file, "ca_file"},
                                       {&settings.certificate_file, "certificate_file"},
                                       {&settings.key_file, "key_file"}})
      if (*file) return wrong(option, "has no effect without tls = true");
  if (!sasl)
    for (const auto& [value, option] : {std::pair{&settings.username, "username"}, {&settings.password, "password"}})
      if (*value) return wrong(option, "has no effect without sasl_mechanism, such as \"SCRAM-SHA-512\"");
  const auto set_if = [&](const std::optional<std::string>& value, const char* name, const char* option) -> Done {
    if (value) return set(name, *value, option);
    return {};
  };
  LEVADA_TRY(set("security.protocol", std::string(sasl ? "sasl_" : "") + (settings.tls ? "ssl" : "plaintext"), "tls"));
  LEVADA_TRY(set_if(settings.ca_file, "ssl.ca.location", "ca_file"));
  LEVADA_TRY(set_if(settings.certificate_file, "ssl.certificate.location", "certificate_file"));
  LEVADA_TRY(set_if(settings.key_file, "ssl.key.location", "key_file"));
  LEVADA_TRY(set_if(settings.sasl_mechanism, "sasl.mechanism", "sasl_mechanism"));
  LEVADA_TRY(set_if(settings.username, "sasl.username", "username"));
  return set_if(settings.password, "sasl.password", "password");
}

Done Configuration::set_properties(const Properties& properties) {
  for (const auto& [name, value] : properties) {
    const auto option = "librdkafka." + name;
    for (const auto& owned : kOwned) {
      if (name != owned.property) continue;
      if (owned.option.empty()) return wrong(option, "cannot be set: the sink depends on it");
      return wrong(option, "cannot be set here: use " + std::string(owned.option) + " of the sink");
    }
    LEVADA_TRY(set(name, value, option));
  }
  return {};
}

// Some settings contradict each other only in librdkafka's eyes, and it looks when a producer is made. One without
// brokers touches nothing but the files that it is to read.
Done Configuration::try_out() const {
  char why[512];
  rd_kafka_conf_t* conf = copy();
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  if (rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why)) {
    rd_kafka_destroy(producer);
    return {};
  }
  rd_kafka_conf_destroy(conf);
  return wrong("librdkafka", why);
}

}  // namespace levada
