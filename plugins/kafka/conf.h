// A configuration of librdkafka, filled in from what users set.
#pragma once

#include <librdkafka/rdkafka.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kafka/connection.h"
#include "levada/result.h"

namespace levada {

// Names and values of a table, those of tables within it joined by dots, so that
// `message.max.bytes = 1` need not be quoted.
using Properties = std::vector<std::pair<std::string, std::string>>;
Properties flatten(const Tree& table);

// Fails on a librdkafka that is too old to be trusted with data; `version` as
// rd_kafka_version() gives it.
Done check_version(int version, const std::string& text);

// A property that users do not set by its own name.
struct OwnedProperty {
  std::string_view property;
  std::string_view option;  // To be set instead; empty: the component depends on the property's value.
};

class KafkaConf {
 public:
  KafkaConf() : conf_(rd_kafka_conf_new()) {}
  KafkaConf(const KafkaConf& other) : conf_(rd_kafka_conf_dup(other.conf_)) {}
  KafkaConf(KafkaConf&& other) noexcept : conf_(std::exchange(other.conf_, nullptr)) {}
  KafkaConf& operator=(KafkaConf other) noexcept {
    std::swap(conf_, other.conf_);
    return *this;
  }
  ~KafkaConf() {
    if (conf_) rd_kafka_conf_destroy(conf_);
  }

  // For rd_kafka_conf_set_..., and for reading.
  rd_kafka_conf_t* get() const { return conf_; }
  // For rd_kafka_new, which takes it over where it succeeds.
  rd_kafka_conf_t* copy() const { return rd_kafka_conf_dup(conf_); }

  // The error names `option` as the one at fault.
  Done set(const std::string& name, const std::string& value, const std::string& option);
  // Brokers, TLS and login, and a librdkafka that is new enough. Does not look at the network.
  Done set_connection(const KafkaConnection& connection);
  // The free table, after all else; `component` ("sink") and `owned` say what is set
  // elsewhere, beside the connection.
  Done set_properties(const Tree& librdkafka, std::string_view component, std::span<const OwnedProperty> owned);
  // Finds settings that contradict each other in librdkafka's eyes, without a look at the network.
  Done try_out(rd_kafka_type_t type) const;

 private:
  rd_kafka_conf_t* conf_;
};

}  // namespace levada
