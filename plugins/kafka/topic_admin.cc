// Requests of librdkafka's admin client, a request for all topics at a time.
#include "kafka/topic_admin.h"

#include <algorithm>
#include <chrono>
#include <thread>

#if RD_KAFKA_VERSION < 0x020200ff
// Newer than the header in Debian 12; the library is newer.
extern "C" {
typedef enum rd_kafka_AlterConfigOpType_t { RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET = 0 } rd_kafka_AlterConfigOpType_t;
typedef rd_kafka_event_t rd_kafka_IncrementalAlterConfigs_result_t;
rd_kafka_error_t* rd_kafka_ConfigResource_add_incremental_config(rd_kafka_ConfigResource_t*, const char*,
                                                                 rd_kafka_AlterConfigOpType_t, const char*);
void rd_kafka_IncrementalAlterConfigs(rd_kafka_t*, rd_kafka_ConfigResource_t**, size_t, const rd_kafka_AdminOptions_t*,
                                      rd_kafka_queue_t*);
const rd_kafka_IncrementalAlterConfigs_result_t* rd_kafka_event_IncrementalAlterConfigs_result(rd_kafka_event_t*);
const rd_kafka_ConfigResource_t** rd_kafka_IncrementalAlterConfigs_result_resources(
    const rd_kafka_IncrementalAlterConfigs_result_t*, size_t*);
}
#endif

namespace levada {
namespace {

constexpr std::chrono::milliseconds kPause{100};

struct FreeNewPartitions {
  void operator()(rd_kafka_NewPartitions_t* each) const { rd_kafka_NewPartitions_destroy(each); }
};

template <class T>
std::vector<T*> pointers(const auto& held) {
  std::vector<T*> all;
  for (const auto& each : held) all.push_back(each.get());
  return all;
}

Result<Held<rd_kafka_event_t>> answer_of(rd_kafka_queue_t* answers) {
  Held<rd_kafka_event_t> answer(rd_kafka_queue_poll(answers, milliseconds(kAdminTimeout) + 1000));
  if (!answer) return retry("no broker answers");
  if (rd_kafka_event_error(answer.get())) return retry(rd_kafka_event_error_string(answer.get()));
  return answer;
}

void refuse(std::span<TopicChange> changes, const std::string& topic, rd_kafka_resp_err_t error, const char* words) {
  for (auto& change : changes) {
    if (change.wanted.name != topic || !change.refusal.empty()) continue;
    change.refusal = std::string("the broker refuses it: ") + (words && *words ? words : rd_kafka_err2str(error));
    change.refusal_is_final = is_settings_fault(error);
  }
}

void take_results(const rd_kafka_topic_result_t** results, size_t count, std::span<TopicChange> changes) {
  for (size_t at = 0; at < count; ++at) {
    const auto error = rd_kafka_topic_result_error(results[at]);
    if (!error) continue;
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      for (auto& change : changes)
        if (change.wanted.name == rd_kafka_topic_result_name(results[at])) change.is_there_after_all = true;
      continue;
    }
    refuse(changes, rd_kafka_topic_result_name(results[at]), error, rd_kafka_topic_result_error_string(results[at]));
  }
}

}  // namespace

Result<std::unique_ptr<TopicAdmin>> TopicAdmin::start(KafkaConf conf, LogLimiter& log) {
  std::unique_ptr<TopicAdmin> admin(new TopicAdmin(log));
  LEVADA_TRY(admin->Client::start(RD_KAFKA_PRODUCER, std::move(conf)));
  return admin;
}

TopicAdmin::~TopicAdmin() {
  if (handle_) rd_kafka_destroy(handle_);
}

Held<rd_kafka_AdminOptions_t> TopicAdmin::options(bool validate_only) const {
  char why[512];
  Held<rd_kafka_AdminOptions_t> made(rd_kafka_AdminOptions_new(handle_, RD_KAFKA_ADMIN_OP_ANY));
  rd_kafka_AdminOptions_set_request_timeout(made.get(), milliseconds(kAdminTimeout), why, sizeof why);
  if (validate_only) rd_kafka_AdminOptions_set_validate_only(made.get(), 1, why, sizeof why);
  return made;
}

Result<std::vector<TopicChange>> TopicAdmin::plan(std::span<const WantedTopic> wanted) {
  const auto deadline = std::chrono::steady_clock::now() + kAdminTimeout;
  for (;;) {
    auto states = look(wanted);
    if (!states) return std::move(states).error();
    std::vector<TopicChange> changes;
    for (const auto& each : wanted) {
      const auto state = states->find(each.name);
      changes.push_back(compare(each, state == states->end() ? std::nullopt : std::optional(state->second)));
    }
    LEVADA_TRY(request(changes, true));
    // A broker hears of a topic a moment after the controller has made it.
    const auto is_new = [](const TopicChange& change) { return change.is_there_after_all; };
    if (std::none_of(changes.begin(), changes.end(), is_new)) return changes;
    if (std::chrono::steady_clock::now() > deadline)
      return retry("a topic has just been made, and no broker has it yet");
    std::this_thread::sleep_for(kPause);
  }
}

// Metadata of all topics: a broker may make a topic that it is asked for by name.
Result<std::map<std::string, TopicState>> TopicAdmin::look(std::span<const WantedTopic> wanted) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (const auto error = rd_kafka_metadata(handle_, 1, nullptr, &metadata, milliseconds(kAdminTimeout)))
    return retry(std::string("no broker says which topics there are: ") + rd_kafka_err2str(error));
  const std::unique_ptr<const rd_kafka_metadata_t, decltype(&rd_kafka_metadata_destroy)> held(
      metadata, &rd_kafka_metadata_destroy);
  std::map<std::string, TopicState> states;
  for (int at = 0; at < metadata->topic_cnt; ++at) {
    const auto& topic = metadata->topics[at];
    const auto is_it = [&](const WantedTopic& each) { return each.name == topic.topic; };
    if (topic.partition_cnt == 0 || std::none_of(wanted.begin(), wanted.end(), is_it)) continue;
    states[topic.topic] = {.partitions = topic.partition_cnt, .replication = topic.partitions[0].replica_cnt};
  }
  LEVADA_TRY(read_settings(states));
  return states;
}

Done TopicAdmin::read_settings(std::map<std::string, TopicState>& states) {
  if (states.empty()) return {};
  std::vector<Held<rd_kafka_ConfigResource_t>> resources;
  for (const auto& [name, state] : states)
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
  auto all = pointers<rd_kafka_ConfigResource_t>(resources);
  const Held<rd_kafka_queue_t> answers(rd_kafka_queue_new(handle_));
  rd_kafka_DescribeConfigs(handle_, all.data(), all.size(), options(false).get(), answers.get());
  const auto answer = answer_of(answers.get());
  if (!answer) return Error(answer.error()).at("the settings of topics");
  size_t count = 0;
  const auto** described =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(answer->get()), &count);
  for (size_t at = 0; at < count; ++at) {
    const std::string name = rd_kafka_ConfigResource_name(described[at]);
    if (const auto error = rd_kafka_ConfigResource_error(described[at]))
      return retry("the settings of topic \"" + name + "\": " + rd_kafka_err2str(error));
    auto& state = states.at(name);
    size_t settings = 0;
    const auto** entries = rd_kafka_ConfigResource_configs(described[at], &settings);
    for (size_t each = 0; each < settings; ++each) {
      const char* value = rd_kafka_ConfigEntry_value(entries[each]);
      const std::string setting = rd_kafka_ConfigEntry_name(entries[each]);
      state.settings[setting] = value ? value : "";
      if (rd_kafka_ConfigEntry_source(entries[each]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG)
        state.own.push_back(setting);
    }
  }
  return {};
}

Done TopicAdmin::request(std::span<TopicChange> changes, bool validate_only) {
  LEVADA_TRY(create(changes, validate_only));
  LEVADA_TRY(grow(changes, validate_only));
  return alter(changes, validate_only);
}

Done TopicAdmin::create(std::span<TopicChange> changes, bool validate_only) {
  std::vector<Held<rd_kafka_NewTopic_t>> wanted;
  char why[512];
  for (auto& change : changes) {
    if (change.kind != TopicChange::Kind::create || !change.refusal.empty()) continue;
    const auto& [name, how] = change.wanted;
    Held<rd_kafka_NewTopic_t> topic(
        rd_kafka_NewTopic_new(name.c_str(), how.partitions, how.replication, why, sizeof why));
    if (!topic) {
      change.refusal = why;
      change.refusal_is_final = true;
      continue;
    }
    for (const auto& [setting, value] : how.settings)
      rd_kafka_NewTopic_set_config(topic.get(), setting.c_str(), value.c_str());
    wanted.push_back(std::move(topic));
  }
  if (wanted.empty()) return {};
  const auto how = options(validate_only);
  // Without it, the broker answers before other brokers know the topics.
  if (!validate_only)
    rd_kafka_AdminOptions_set_operation_timeout(how.get(), milliseconds(kAdminTimeout), why, sizeof why);
  auto topics = pointers<rd_kafka_NewTopic_t>(wanted);
  const Held<rd_kafka_queue_t> answers(rd_kafka_queue_new(handle_));
  rd_kafka_CreateTopics(handle_, topics.data(), topics.size(), how.get(), answers.get());
  const auto answer = answer_of(answers.get());
  if (!answer) return Error(answer.error()).at("topics could not be created");
  size_t count = 0;
  const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer->get()), &count);
  take_results(results, count, changes);
  return {};
}

Done TopicAdmin::grow(std::span<TopicChange> changes, bool validate_only) {
  std::vector<std::unique_ptr<rd_kafka_NewPartitions_t, FreeNewPartitions>> wanted;
  char why[512];
  for (auto& change : changes)
    if (change.grows)
      wanted.emplace_back(rd_kafka_NewPartitions_new(
          change.wanted.name.c_str(), static_cast<size_t>(change.wanted.how.partitions), why, sizeof why));
  if (wanted.empty()) return {};
  auto partitions = pointers<rd_kafka_NewPartitions_t>(wanted);
  const Held<rd_kafka_queue_t> answers(rd_kafka_queue_new(handle_));
  rd_kafka_CreatePartitions(handle_, partitions.data(), partitions.size(), options(validate_only).get(), answers.get());
  const auto answer = answer_of(answers.get());
  if (!answer) return Error(answer.error()).at("topics could not get more partitions");
  size_t count = 0;
  const auto** results =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(answer->get()), &count);
  take_results(results, count, changes);
  return {};
}

// Settings that the configuration does not name keep their values.
Done TopicAdmin::alter(std::span<TopicChange> changes, bool validate_only) {
  std::vector<Held<rd_kafka_ConfigResource_t>> resources;
  for (const auto& change : changes) {
    if (change.kind != TopicChange::Kind::alter || change.settings.empty()) continue;
    Held<rd_kafka_ConfigResource_t> resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, change.wanted.name.c_str()));
    for (const auto& setting : change.settings)
      if (const KafkaError error(rd_kafka_ConfigResource_add_incremental_config(
              resource.get(), setting.name.c_str(), RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, setting.after.c_str()));
          error)
        return fatal("topic \"" + change.wanted.name + "\", " + setting.name + ": " + error.text());
    resources.push_back(std::move(resource));
  }
  if (resources.empty()) return {};
  auto all = pointers<rd_kafka_ConfigResource_t>(resources);
  const Held<rd_kafka_queue_t> answers(rd_kafka_queue_new(handle_));
  rd_kafka_IncrementalAlterConfigs(handle_, all.data(), all.size(), options(validate_only).get(), answers.get());
  const auto answer = answer_of(answers.get());
  if (!answer) return Error(answer.error()).at("the settings of topics could not be altered");
  size_t count = 0;
  const auto** results = rd_kafka_IncrementalAlterConfigs_result_resources(
      rd_kafka_event_IncrementalAlterConfigs_result(answer->get()), &count);
  for (size_t at = 0; at < count; ++at)
    if (const auto error = rd_kafka_ConfigResource_error(results[at]))
      refuse(changes, rd_kafka_ConfigResource_name(results[at]), error,
             rd_kafka_ConfigResource_error_string(results[at]));
  return {};
}

}  // namespace levada
