// Starts and ends producers, and makes topics through the Admin API.
#include "producer.h"

#include <algorithm>

namespace levada {
namespace {

// How long a broker may take to make a topic before the call counts as failed.
constexpr std::chrono::seconds kCreateTimeout{10};

// No broker will ever make a topic of this configuration.
bool is_settings_fault(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_INVALID_CONFIG || error == RD_KAFKA_RESP_ERR_INVALID_PARTITIONS;
}

}  // namespace

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

Result<std::unique_ptr<Producer>> Producer::start(const KafkaConf& conf, const NewTopics& new_topics, InFlightMessages& in_flight,
                                                  LogLimiter& log) {
  std::unique_ptr<Producer> producer(new Producer(new_topics, in_flight, log));
  rd_kafka_conf_t* own = conf.copy();
  rd_kafka_conf_set_opaque(own, &producer->opaque_);
  rd_kafka_conf_set_dr_msg_cb(own, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    static_cast<Opaque*>(opaque)->in_flight->settle(*message);
  });
  rd_kafka_conf_set_log_cb(own, [](const rd_kafka_t* handle, int level, const char* facility, const char* message) {
    static_cast<Opaque*>(rd_kafka_opaque(handle))->log->write(level, facility, message);
  });
  // What it would be told stands in the log already.
  rd_kafka_conf_set_error_cb(own, [](rd_kafka_t*, int, const char*, void*) {});
  char why[512];
  producer->handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, own, why, sizeof why);
  if (producer->handle_) return producer;
  rd_kafka_conf_destroy(own);
  return retry(std::string("librdkafka could not start a producer: ") + why);
}

Producer::~Producer() {
  if (!handle_) return;
  forget_topics();
  rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_destroy(handle_);
}

Done Producer::connect(std::chrono::nanoseconds timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(handle_, 0, nullptr, &metadata, milliseconds(timeout));
  if (error) {
    // librdkafka tells why it cannot connect or log in only in its log.
    const auto problem = opaque_.log->last_problem();
    return retry("no broker answers: " + (problem.empty() ? rd_kafka_err2str(error) : problem));
  }
  rd_kafka_metadata_destroy(metadata);
  return {};
}

Result<Topic*> Producer::topic(const std::string& name) {
  if (const auto known = topics_.find(name); known != topics_.end()) return &known->second;
  if (const char* fault = fault_of_topic_name(name)) return reject("topic \"" + name + "\" " + fault);
  if (new_topics_.create) LEVADA_TRY(create(name, new_topics_));
  rd_kafka_topic_t* handle = rd_kafka_topic_new(handle_, name.c_str(), nullptr);
  if (!handle) return retry("topic \"" + name + "\": " + rd_kafka_err2str(rd_kafka_last_error()));
  return &topics_.emplace(name, Topic{name, handle, {}}).first->second;
}

void Producer::forget_topics() {
  for (auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic.handle);
  topics_.clear();
}

std::optional<FatalError> Producer::fatal_error() const {
  char why[512];
  const auto error = rd_kafka_fatal_error(handle_, why, sizeof why);
  if (!error) return std::nullopt;
  return FatalError{error, std::string(rd_kafka_err2name(error)) + ": " + why};
}

Done Producer::create(const std::string& name, const NewTopics& how) {
  const auto prefix = "topic \"" + name + "\" could not be created: ";
  char why[512];
  const Held<rd_kafka_NewTopic_t> wanted(
      rd_kafka_NewTopic_new(name.c_str(), how.partitions, how.replication, why, sizeof why));
  if (!wanted) return fatal(prefix + why);
  for (const auto& [setting, value] : how.settings)
    rd_kafka_NewTopic_set_config(wanted.get(), setting.c_str(), value.c_str());

  const Held<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(handle_, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const auto timeout = milliseconds(kCreateTimeout);
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout, why, sizeof why);
  // Without it, the broker answers before other brokers know the topic.
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), timeout, why, sizeof why);
  const Held<rd_kafka_queue_t> answers(rd_kafka_queue_new(handle_));
  rd_kafka_NewTopic_t* topics[] = {wanted.get()};
  rd_kafka_CreateTopics(handle_, topics, 1, options.get(), answers.get());
  const Held<rd_kafka_event_t> answer(rd_kafka_queue_poll(answers.get(), timeout + 1000));
  if (!answer) return retry(prefix + "no broker answers");
  if (rd_kafka_event_error(answer.get())) return retry(prefix + rd_kafka_event_error_string(answer.get()));

  size_t count = 0;
  const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  for (size_t at = 0; at < count; ++at) {
    const auto error = rd_kafka_topic_result_error(results[at]);
    if (!error || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const char* words = rd_kafka_topic_result_error_string(results[at]);
    const auto message = prefix + (words ? words : rd_kafka_err2str(error));
    if (is_settings_fault(error)) return fatal(message + "; see partitions, replication and topic_settings");
    return retry(message);
  }
  return {};
}

}  // namespace levada
