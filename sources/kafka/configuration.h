// The settings of the source as librdkafka takes them.
#pragma once

#include <string>

#include "kafka/conf.h"
#include "levada/result.h"
#include "settings.h"

namespace levada::kafka_source {

// Checks all settings, without a look at the network. `group`: where offsets are kept.
Result<KafkaConf> consumer_conf(const KafkaSourceSettings& settings, const std::string& group);

// A whole number that librdkafka would use; it knows the property.
int64_t number_of(const KafkaConf& conf, const char* property);

}  // namespace levada::kafka_source
