// Starts clients, and asks brokers.
#include "kafka/client.h"

namespace levada {

Done Client::start(rd_kafka_type_t type, KafkaConf conf) {
  rd_kafka_conf_t* own = conf.copy();
  rd_kafka_conf_set_opaque(own, this);
  rd_kafka_conf_set_log_cb(own, [](const rd_kafka_t* handle, int level, const char* facility, const char* message) {
    static_cast<Client*>(rd_kafka_opaque(handle))->log_->write(level, facility, message);
  });
  // What else it would be told stands in the log already.
  rd_kafka_conf_set_error_cb(own, [](rd_kafka_t*, int error, const char* reason, void* opaque) {
    auto& client = *static_cast<Client*>(opaque);
    if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION)
      client.refusal_ = std::string("a broker refuses the login: ") + reason;
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) client.unreachable_ = true;
  });
  char why[512];
  handle_ = rd_kafka_new(type, own, why, sizeof why);
  if (handle_) return {};
  rd_kafka_conf_destroy(own);
  return retry(std::string("librdkafka could not start a client: ") + why);
}

Done Client::connect(std::chrono::nanoseconds timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(handle_, 0, nullptr, &metadata, milliseconds(timeout));
  if (!error) {
    rd_kafka_metadata_destroy(metadata);
    refusal_.reset();
    reached();
    return {};
  }
  // Calls back with what went wrong meanwhile.
  if (rd_kafka_type(handle_) == RD_KAFKA_PRODUCER) rd_kafka_poll(handle_, 0);
  else if (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle_, 0)) rd_kafka_message_destroy(message);
  if (const auto refusal = take_refusal()) return retry(*refusal);
  // Why it cannot connect librdkafka tells only in its log.
  const auto problem = log_->last_problem();
  return retry("no broker answers: " + (problem.empty() ? rd_kafka_err2str(error) : problem));
}

std::optional<FatalError> Client::fatal_error() const {
  char why[512];
  const auto error = rd_kafka_fatal_error(handle_, why, sizeof why);
  if (!error) return std::nullopt;
  return FatalError{error, std::string(rd_kafka_err2name(error)) + ": " + why};
}

Done Client::create_topic(const std::string& name, const NewTopic& how) {
  const auto prefix = "topic \"" + name + "\" could not be created: ";
  char why[512];
  const Held<rd_kafka_NewTopic_t> wanted(
      rd_kafka_NewTopic_new(name.c_str(), how.partitions, how.replication, why, sizeof why));
  if (!wanted) return fatal(prefix + why);
  for (const auto& [setting, value] : how.settings)
    rd_kafka_NewTopic_set_config(wanted.get(), setting.c_str(), value.c_str());

  const Held<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(handle_, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const auto timeout = milliseconds(kAdminTimeout);
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
