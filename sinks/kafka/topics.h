// The topics that a configuration declares, and what is done to make them so: on start, and for
// `levada topics`.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "kafka/conf.h"
#include "kafka/log_limiter.h"
#include "kafka/topic_plan.h"
#include "levada/sdk.h"
#include "settings.h"

namespace levada::kafka_sink {

// What `topics` says, with `partitions`, `replication` and `topic_settings` for what a topic has no
// value of its own.
Result<std::vector<WantedTopic>> declared_topics(const KafkaSettings& settings);

// "plan" or "apply", the only argument; see LEVADA_TOPICS. `conf`: see TopicAdmin.
Done run_topics_command(const KafkaConf& conf, std::span<const WantedTopic> wanted, LogLimiter& log,
                        std::span<const std::string_view> arguments,
                        const std::function<void(std::string_view)>& write);
// Makes the topics so and logs what it has changed. Conflicts, such as fewer partitions than there
// are, are warnings; FATAL where a broker refuses a setting for good.
Done apply_topics(const KafkaConf& conf, std::span<const WantedTopic> wanted, LogLimiter& log, const Host& host);

}  // namespace levada::kafka_sink
