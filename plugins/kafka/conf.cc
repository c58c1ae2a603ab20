// Which librdkafka property follows from which option, and which may not be set beside them.
#include "kafka/conf.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace levada {
namespace {

constexpr std::array kOwnedByConnection = {
    OwnedProperty{"bootstrap.servers", "brokers"},
    OwnedProperty{"metadata.broker.list", "brokers"},
    OwnedProperty{"security.protocol", "tls and sasl_mechanism"},
    OwnedProperty{"ssl.ca.location", "ca_file"},
    OwnedProperty{"ssl.certificate.location", "certificate_file"},
    OwnedProperty{"ssl.key.location", "key_file"},
    OwnedProperty{"sasl.mechanism", "sasl_mechanism"},
    OwnedProperty{"sasl.mechanisms", "sasl_mechanism"},
    OwnedProperty{"sasl.username", "username"},
    OwnedProperty{"sasl.password", "password"},
};

void flatten_into(const Tree& table, const std::string& prefix, Properties& to) {
  for (size_t at = 0; at < table.size(); ++at) {
    const Tree item = table[at];
    const auto name = prefix + std::string(item.key());
    char number[32];
    switch (item.type()) {
      case LEVADA_TREE: flatten_into(item, name + ".", to); break;
      case LEVADA_BOOLEAN: to.emplace_back(name, item.integer() ? "true" : "false"); break;
      case LEVADA_INTEGER: to.emplace_back(name, std::to_string(item.integer())); break;
      case LEVADA_NUMBER:
        to.emplace_back(name, std::string(number, std::to_chars(number, number + sizeof number, item.number()).ptr));
        break;
      case LEVADA_STRINGS: {
        std::string joined;
        for (size_t each = 0; each < item.size(); ++each) (joined += each ? "," : "") += item[each].text();
        to.emplace_back(name, joined);
        break;
      }
      default: to.emplace_back(name, item.text());
    }
  }
}

const OwnedProperty* find(std::span<const OwnedProperty> owned, std::string_view name) {
  const auto at = std::find_if(owned.begin(), owned.end(), [&](const auto& each) { return each.property == name; });
  return at == owned.end() ? nullptr : &*at;
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

Done KafkaConf::set(const std::string& name, const std::string& value, const std::string& option) {
  char why[512];
  if (rd_kafka_conf_set(conf_, name.c_str(), value.c_str(), why, sizeof why) == RD_KAFKA_CONF_OK) return {};
  return wrong(option, why);
}

Done KafkaConf::set_connection(const KafkaConnection& connection) {
  LEVADA_TRY(check_version(rd_kafka_version(), rd_kafka_version_str()));
  const bool sasl = connection.sasl_mechanism.has_value();
  if (!connection.tls)
    for (const auto& [file, option] : {std::pair{&connection.ca_file, "ca_file"},
                                       {&connection.certificate_file, "certificate_file"},
                                       {&connection.key_file, "key_file"}})
      if (*file) return wrong(option, "has no effect without tls = true");
  if (!sasl)
    for (const auto& [value, option] :
         {std::pair{&connection.username, "username"}, {&connection.password, "password"}})
      if (*value) return wrong(option, "has no effect without sasl_mechanism, such as \"SCRAM-SHA-512\"");
  const auto set_if = [&](const std::optional<std::string>& value, const char* name, const char* option) -> Done {
    if (value) return set(name, *value, option);
    return {};
  };
  LEVADA_TRY(set("client.id", "levada", ""));
  LEVADA_TRY(set("log.thread.name", "false", ""));
  LEVADA_TRY(
      set("security.protocol", std::string(sasl ? "sasl_" : "") + (connection.tls ? "ssl" : "plaintext"), "tls"));
  LEVADA_TRY(set_if(connection.ca_file, "ssl.ca.location", "ca_file"));
  LEVADA_TRY(set_if(connection.certificate_file, "ssl.certificate.location", "certificate_file"));
  LEVADA_TRY(set_if(connection.key_file, "ssl.key.location", "key_file"));
  LEVADA_TRY(set_if(connection.sasl_mechanism, "sasl.mechanism", "sasl_mechanism"));
  LEVADA_TRY(set_if(connection.username, "sasl.username", "username"));
  LEVADA_TRY(set_if(connection.password, "sasl.password", "password"));
  std::string brokers;
  for (const auto& broker : connection.brokers) (brokers += brokers.empty() ? "" : ",") += broker;
  if (brokers.empty()) return wrong("brokers", "names no broker; write [\"host:9092\"]");
  return set("bootstrap.servers", brokers, "brokers");
}

Done KafkaConf::set_properties(const Tree& librdkafka, std::string_view component,
                               std::span<const OwnedProperty> owned) {
  for (const auto& [name, value] : flatten(librdkafka)) {
    const auto option = "librdkafka." + name;
    const auto* owner = find(owned, name);
    if (!owner) owner = find(kOwnedByConnection, name);
    if (owner && owner->option.empty())
      return wrong(option, "cannot be set: the " + std::string(component) + " depends on it");
    if (owner)
      return wrong(option,
                   "cannot be set here: use " + std::string(owner->option) + " of the " + std::string(component));
    LEVADA_TRY(set(name, value, option));
  }
  return {};
}

// librdkafka looks at them together when a client is made. One without brokers touches nothing but
// the files that it is to read.
Done KafkaConf::try_out(rd_kafka_type_t type) const {
  char why[512];
  rd_kafka_conf_t* conf = copy();
  rd_kafka_conf_set(conf, "bootstrap.servers", "", why, sizeof why);
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  if (rd_kafka_t* client = rd_kafka_new(type, conf, why, sizeof why)) {
    rd_kafka_destroy(client);
    return {};
  }
  rd_kafka_conf_destroy(conf);
  return wrong("librdkafka", why);
}

}  // namespace levada
