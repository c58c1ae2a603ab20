// A librdkafka producer and the topics it writes to, from its start to its end.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "in_flight_messages.h"
#include "kafka/client.h"

namespace levada::kafka_sink {

// A topic, and the messages that are about to be produced to it.
struct Topic {
  std::string name;
  rd_kafka_topic_t* handle = nullptr;
  std::vector<rd_kafka_message_t> messages;
};

class Producer : public Client {
 public:
  // Reports go to `in_flight`, from within serve; topics that are not there are made as `new_topic`
  // says, if it does. In-flight messages and log must outlive the producer.
  static Result<std::unique_ptr<Producer>> start(const KafkaConf& conf, const std::optional<NewTopic>& new_topic,
                                                 InFlightMessages& in_flight, LogLimiter& log);
  // Drops what is under way; no report comes any more.
  ~Producer();

  // The topic of that name, made at the broker if that is asked for. REJECT:
  // no topic can have this name.
  Result<Topic*> topic(const std::string& name);
  size_t topics() const { return topics_.size(); }
  // Lets go of all topics; what was produced to them stays under way.
  void forget_topics();

  // Sends what lingers, and hands over the reports, until none is missing or the time is up.
  void serve(std::chrono::nanoseconds timeout) { rd_kafka_flush(handle_, milliseconds(timeout)); }

 private:
  Producer(std::optional<NewTopic> new_topic, InFlightMessages& in_flight, LogLimiter& log)
      : Client(log), in_flight_(&in_flight), new_topic_(std::move(new_topic)) {}

  InFlightMessages* in_flight_;
  std::optional<NewTopic> new_topic_;
  std::unordered_map<std::string, Topic> topics_;
};

// Why no topic can have this name; null where one can.
const char* fault_of_topic_name(std::string_view name);

}  // namespace levada::kafka_sink
