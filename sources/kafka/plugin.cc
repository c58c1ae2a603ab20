// The plugin's entry.
#include "kafka_source.h"

LEVADA_PLUGIN("kafka_source", "0.1.0", "Apache-2.0",
              levada::source<levada::kafka_source::KafkaSource>("kafka", "Reads topics of Apache Kafka."))
