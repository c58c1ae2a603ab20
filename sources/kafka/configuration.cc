// Which librdkafka property follows from which option of the source, and
// what a source of ours needs.
#include "configuration.h"

#include <array>
#include <cstdlib>

namespace levada::kafka_source {
namespace {

constexpr std::array kOwned = {
    OwnedProperty{"group.id", "group"},
    OwnedProperty{"isolation.level", "isolation"},
    OwnedProperty{"auto.offset.reset", "start"},
    OwnedProperty{"enable.auto.commit", "commit_offsets"},
    OwnedProperty{"auto.commit.interval.ms", "commit_offsets"},
    OwnedProperty{"enable.auto.offset.store", ""},
    OwnedProperty{"enable.partition.eof", ""},
};

}  // namespace

Result<KafkaConf> consumer_conf(const KafkaSourceSettings& settings, const std::string& group) {
  const bool committed = settings.isolation == KafkaSourceSettings::Isolation::read_committed;
  KafkaConf conf;
  LEVADA_TRY(conf.set_connection(settings));
  LEVADA_TRY(conf.set("group.id", group, "group"));
  LEVADA_TRY(conf.set("isolation.level", committed ? "read_committed" : "read_uncommitted", "isolation"));
  // Only what is stored downstream is committed, and where to start is decided here.
  LEVADA_TRY(conf.set("enable.auto.commit", "false", ""));
  LEVADA_TRY(conf.set("enable.auto.offset.store", "false", ""));
  LEVADA_TRY(conf.set("auto.offset.reset", "error", ""));
  LEVADA_TRY(conf.set("enable.partition.eof", "true", ""));
  LEVADA_TRY(conf.set("partition.assignment.strategy", "cooperative-sticky", ""));
  // What is fetched ahead stays small, and a fetch that waits for room does not wait for the second
  // that is librdkafka's default.
  LEVADA_TRY(conf.set("queued.max.messages.kbytes", "16384", ""));
  LEVADA_TRY(conf.set("fetch.max.bytes", "8388608", ""));
  LEVADA_TRY(conf.set("fetch.queue.backoff.ms", "5", ""));
  // New partitions, and new topics of a regular expression, are found within a minute.
  LEVADA_TRY(conf.set("topic.metadata.refresh.interval.ms", "60000", ""));
  LEVADA_TRY(conf.set_properties(settings.librdkafka, "source", kOwned));
  LEVADA_TRY(conf.try_out(RD_KAFKA_CONSUMER));
  return conf;
}

int64_t number_of(const KafkaConf& conf, const char* property) {
  char text[64];
  size_t size = sizeof text;
  rd_kafka_conf_get(conf.get(), property, text, &size);
  return std::atoll(text);
}

}  // namespace levada::kafka_source
