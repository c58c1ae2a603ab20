// Starts and ends producers, and looks topics up.
#include "producer.h"

#include <algorithm>

namespace levada::kafka_sink {
const char* fault_of_topic_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > 249) return "is longer than 249 characters";
  if (name == "." || name == "..") return "is . or ..";
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return std::all_of(name.begin(), name.end(), legal)
             ? nullptr
             : "has characters other than a-z, A-Z, 0-9, \".\", \"_\" and \"-\"";
}

Result<std::unique_ptr<Producer>> Producer::start(const KafkaConf& conf, const std::optional<NewTopic>& new_topic,
                                                  InFlightMessages& in_flight, LogLimiter& log) {
  std::unique_ptr<Producer> producer(new Producer(new_topic, in_flight, log));
  KafkaConf own = conf;
  rd_kafka_conf_set_dr_msg_cb(own.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    static_cast<Producer&>(*static_cast<Client*>(opaque)).in_flight_->settle(*message);
  });
  LEVADA_TRY(producer->Client::start(RD_KAFKA_PRODUCER, std::move(own)));
  return producer;
}

Producer::~Producer() {
  if (!handle_) return;
  forget_topics();
  rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_destroy(handle_);
}

Result<Topic*> Producer::topic(const std::string& name) {
  if (const auto known = topics_.find(name); known != topics_.end()) return &known->second;
  if (const char* fault = fault_of_topic_name(name)) return reject("topic \"" + name + "\" " + fault);
  if (new_topic_) LEVADA_TRY(create_topic(name, *new_topic_));
  rd_kafka_topic_t* handle = rd_kafka_topic_new(handle_, name.c_str(), nullptr);
  if (!handle) return retry("topic \"" + name + "\": " + rd_kafka_err2str(rd_kafka_last_error()));
  return &topics_.emplace(name, Topic{name, handle, {}}).first->second;
}

void Producer::forget_topics() {
  for (auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic.handle);
  topics_.clear();
}

}  // namespace levada::kafka_sink
