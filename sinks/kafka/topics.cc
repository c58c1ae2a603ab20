// Reads the table `topics`, and says what is done with them.
#include "topics.h"

#include <algorithm>

#include "kafka/topic_admin.h"
#include "producer.h"

namespace levada::kafka_sink {
namespace {

constexpr int64_t kMost = 1'000'000;

Done read_number(const Tree& value, const std::string& option, int& to) {
  if (value.type() != LEVADA_INTEGER || value.integer() < 1 || value.integer() > kMost)
    return wrong(option, "must be a whole number, at least 1");
  to = static_cast<int>(value.integer());
  return {};
}

// What the topic says itself comes before what is said for all.
void join(Properties& settings, const Properties& own) {
  for (const auto& each : own) {
    const auto known =
        std::find_if(settings.begin(), settings.end(), [&](const auto& other) { return other.first == each.first; });
    if (known == settings.end()) settings.push_back(each);
    else known->second = each.second;
  }
}

std::string numbers_of(std::span<const TopicChange> changes, bool is_done) {
  using Kind = TopicChange::Kind;
  const auto count = [&](Kind kind) {
    return std::count_if(changes.begin(), changes.end(),
                         [&](const auto& each) { return each.kind == kind && each.refusal.empty(); });
  };
  const auto part = [](int64_t number, const char* what) { return std::to_string(number) + what; };
  return part(count(Kind::create), is_done ? " created, " : " to create, ") +
         part(count(Kind::alter), is_done ? " altered, " : " to alter, ") + part(count(Kind::none), " as they are");
}

int64_t conflicts_of(std::span<const TopicChange> changes) {
  return std::count_if(changes.begin(), changes.end(), [](const auto& each) { return !each.is_good(); });
}

}  // namespace

Result<std::vector<WantedTopic>> declared_topics(const KafkaSettings& settings) {
  NewTopic defaults{.settings = flatten(settings.topic_settings)};
  if (settings.partitions) defaults.partitions = static_cast<int>(*settings.partitions);
  if (settings.replication) defaults.replication = static_cast<int>(*settings.replication);
  std::vector<WantedTopic> topics;
  for (size_t at = 0; at < settings.topics.size(); ++at) {
    const Tree table = settings.topics[at];
    WantedTopic topic{std::string(table.key()), defaults};
    const auto option = "topics." + topic.name;
    if (const char* fault = fault_of_topic_name(topic.name))
      return wrong(option, "the name \"" + topic.name + "\" " + fault);
    if (table.type() != LEVADA_TREE) return wrong(option, "needs a table: { partitions = 3 }, or {}");
    for (size_t each = 0; each < table.size(); ++each) {
      const Tree value = table[each];
      const auto name = option + "." + std::string(value.key());
      if (value.key() == "partitions") {
        LEVADA_TRY(read_number(value, name, topic.how.partitions));
      } else if (value.key() == "replication") {
        LEVADA_TRY(read_number(value, name, topic.how.replication));
      } else if (value.key() == "settings" && value.type() == LEVADA_TREE) {
        join(topic.how.settings, flatten(value));
      } else {
        return wrong(name, "is none of partitions, replication and the table settings");
      }
    }
    topics.push_back(std::move(topic));
  }
  return topics;
}

Done run_topics_command(const KafkaConf& conf, std::span<const WantedTopic> wanted, LogLimiter& log,
                        std::span<const std::string_view> arguments,
                        const std::function<void(std::string_view)>& write) {
  const bool is_apply = arguments.size() == 1 && arguments[0] == "apply";
  if (!is_apply && (arguments.size() != 1 || arguments[0] != "plan"))
    return reject("what to do with the topics: plan or apply");
  if (wanted.empty()) return {};
  auto admin = TopicAdmin::start(conf, log);
  if (!admin) return std::move(admin).error();
  auto changes = (*admin)->plan(wanted);
  if (!changes) return std::move(changes).error();
  const Done done = is_apply ? (*admin)->apply(*changes) : Done();
  // Also where a request failed: those before it were made.
  for (const auto& change : *changes) write(text_of(change) + "\n");
  if (!done) return done.error();
  write(numbers_of(*changes, is_apply) + "\n");
  const auto conflicts = conflicts_of(*changes);
  if (conflicts == 0) return {};
  return fatal(std::to_string(conflicts) + (conflicts == 1 ? " topic" : " topics") +
               " cannot be as the configuration says");
}

Done apply_topics(const KafkaConf& conf, std::span<const WantedTopic> wanted, LogLimiter& log, const Host& host) {
  if (wanted.empty()) return {};
  auto admin = TopicAdmin::start(conf, log);
  if (!admin) return std::move(admin).error();
  auto changes = (*admin)->plan(wanted);
  if (!changes) return std::move(changes).error();
  LEVADA_TRY((*admin)->apply(*changes));
  for (const auto& change : *changes) {
    const auto text = "topics: " + text_of(change);
    if (change.refusal_is_final) return fatal(text);
    if (!change.refusal.empty()) return retry(text);
    if (!change.conflicts.empty()) host.warning(text);
    else if (change.kind != TopicChange::Kind::none) host.info(text);
  }
  return {};
}

}  // namespace levada::kafka_sink
