// Compares topics with what is wanted of them, and says it.
#include "kafka/topic_plan.h"

#include <algorithm>

namespace levada {
namespace {

std::string counted(int count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string list(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) (all += all.empty() ? "" : ", ") += part;
  return all;
}

TopicChange of_new_topic(const WantedTopic& wanted) {
  TopicChange change{.wanted = wanted, .kind = TopicChange::Kind::create};
  for (const auto& [name, value] : wanted.how.settings) change.settings.push_back({name, "", value});
  return change;
}

}  // namespace

TopicChange compare(const WantedTopic& wanted, const std::optional<TopicState>& state) {
  if (!state) return of_new_topic(wanted);
  TopicChange change{.wanted = wanted, .partitions_before = state->partitions};
  const NewTopic& how = wanted.how;
  change.grows = how.partitions > state->partitions;
  if (how.partitions >= 0 && how.partitions < state->partitions)
    change.conflicts.push_back("it has " + counted(state->partitions, "partition") + ", and " +
                               std::to_string(how.partitions) + " are asked for: Kafka takes none away");
  if (how.replication >= 0 && how.replication != state->replication)
    change.conflicts.push_back("its replication is " + std::to_string(state->replication) + ", and " +
                               std::to_string(how.replication) +
                               " is asked for: that is for kafka-reassign-partitions");
  for (const auto& [name, value] : how.settings) {
    const auto there = state->settings.find(name);
    const std::string before = there == state->settings.end() ? "" : there->second;
    if (there == state->settings.end() || before != value) change.settings.push_back({name, before, value});
  }
  for (const auto& name : state->own)
    if (std::none_of(how.settings.begin(), how.settings.end(), [&](const auto& each) { return each.first == name; }))
      change.unnamed.push_back(name);
  if (change.grows || !change.settings.empty()) change.kind = TopicChange::Kind::alter;
  return change;
}

std::string text_of(const TopicChange& change) {
  const NewTopic& how = change.wanted.how;
  std::vector<std::string> parts;
  std::string text;
  switch (change.kind) {
    case TopicChange::Kind::none: text = "= "; break;
    case TopicChange::Kind::create:
      text = "+ ";
      parts.push_back(how.partitions < 0 ? "partitions as the broker decides" : counted(how.partitions, "partition"));
      if (how.replication >= 0) parts.push_back("replication " + std::to_string(how.replication));
      for (const auto& setting : change.settings) parts.push_back(setting.name + " = " + setting.after);
      break;
    case TopicChange::Kind::alter:
      text = "~ ";
      if (change.grows)
        parts.push_back("partitions " + std::to_string(change.partitions_before) + " -> " +
                        std::to_string(how.partitions));
      for (const auto& setting : change.settings)
        parts.push_back(setting.name + " " + (setting.before.empty() ? "\"\"" : setting.before) + " -> " +
                        setting.after);
      break;
  }
  text += change.wanted.name;
  if (!parts.empty()) text += ": " + list(parts);
  if (!change.unnamed.empty()) text += " (as it is: " + list(change.unnamed) + ")";
  for (const auto& conflict : change.conflicts) text += "\n  ! " + conflict;
  if (!change.refusal.empty()) text += "\n  ! " + change.refusal;
  return text;
}

}  // namespace levada
