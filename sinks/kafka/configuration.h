// The settings of the sink as librdkafka takes them.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "levada/result.h"
#include "settings.h"

namespace levada {

// Names and values of a table, those of tables within it joined by dots, so that `message.max.bytes = 1` need not be
// quoted.
using Properties = std::vector<std::pair<std::string, std::string>>;
Properties flatten(const Tree& table);

// Fails on a librdkafka that is too old to be trusted with data; `version` as rd_kafka_version() gives it.
Done check_version(int version, const std::string& text);

class Configuration {
 public:
  // Checks all settings, without a look at the network.
  static Result<Configuration> from(const KafkaSettings& settings);

  // For rd_kafka_new, which takes it over.
  rd_kafka_conf_t* copy() const { return rd_kafka_conf_dup(conf_.get()); }

 private:
  struct Destroy {
    void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  };
  Configuration() : conf_(rd_kafka_conf_new()) {}
  Done set(const std::string& name, const std::string& value, const std::string& option);
  Done set_delivery(const KafkaSettings& settings);
  Done set_security(const KafkaSettings& settings);
  Done set_properties(const Properties& properties);
  Done try_out() const;

  std::unique_ptr<rd_kafka_conf_t, Destroy> conf_;
};

}  // namespace levada
