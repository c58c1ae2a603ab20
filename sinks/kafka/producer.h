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

#include "kafka/conf.h"
#include "kafka/handles.h"
#include "kafka/log_limiter.h"
#include "in_flight_messages.h"

namespace levada {

// How topics are made that are not there; see the options of those names.
struct NewTopics {
  bool create = false;
  int partitions = -1;
  int replication = -1;
  Properties settings;
};

// A topic, and the messages that are about to be produced to it.
struct Topic {
  std::string name;
  rd_kafka_topic_t* handle = nullptr;
  std::vector<rd_kafka_message_t> messages;
};

struct FatalError {
  rd_kafka_resp_err_t code;
  std::string text;
};

class Producer {
 public:
  // Reports go to `in_flight`, from within serve. Both must outlive the producer.
  static Result<std::unique_ptr<Producer>> start(const KafkaConf& conf, const NewTopics& new_topics, InFlightMessages& in_flight,
                                                 LogLimiter& log);
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;
  // Drops what is under way; no report comes any more.
  ~Producer();

  // Waits for a broker to answer.
  Done connect(std::chrono::nanoseconds timeout);
  // The topic of that name, made at the broker if that is asked for. REJECT: no topic can have this name.
  Result<Topic*> topic(const std::string& name);
  size_t topics() const { return topics_.size(); }
  // Lets go of all topics; what was produced to them stays under way.
  void forget_topics();

  rd_kafka_t* handle() const { return handle_; }
  // Sends what lingers, and hands over the reports, until none is missing or the time is up.
  void serve(std::chrono::nanoseconds timeout) { rd_kafka_flush(handle_, milliseconds(timeout)); }
  // Why this producer can never produce again.
  std::optional<FatalError> fatal_error() const;
  // Makes a topic at the broker; one that is there stays as it is.
  Done create(const std::string& name, const NewTopics& how);

 private:
  struct Opaque {
    InFlightMessages* in_flight;
    LogLimiter* log;
  };
  Producer(NewTopics new_topics, InFlightMessages& in_flight, LogLimiter& log)
      : opaque_{&in_flight, &log}, new_topics_(std::move(new_topics)) {}

  Opaque opaque_;
  NewTopics new_topics_;
  rd_kafka_t* handle_ = nullptr;
  std::unordered_map<std::string, Topic> topics_;
};

// Why no topic can have this name; null where one can.
const char* fault_of_topic_name(std::string_view name);

}  // namespace levada
