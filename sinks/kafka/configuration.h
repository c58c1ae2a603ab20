// The settings of the sink as librdkafka takes them.
#pragma once

#include "kafka/conf.h"
#include "settings.h"

namespace levada::kafka_sink {

// Checks all settings, without a look at the network.
Result<KafkaConf> producer_conf(const KafkaSettings& settings);
// For a client that looks after topics.
Result<KafkaConf> admin_conf(const KafkaSettings& settings);
// For consumers that look at what the sink has written.
Result<KafkaConf> reader_conf(const KafkaSettings& settings);

}  // namespace levada::kafka_sink
