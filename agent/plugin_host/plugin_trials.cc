#include "agent/plugin_host/plugin_trials.h"

#include <chrono>
#include <cstring>

#include "agent/config/topology.h"
#include "agent/plugin_host/library.h"
#include "agent/plugin_host/plugin_scan.h"

namespace levada::agent {
namespace {

// For one plugin; many load in a hundredth of it, also on a slow machine.
constexpr std::chrono::seconds kPatience{30};

// An answer of the child that is no reason begins with a zero byte; behind it stand, for each
// component, its kind as a letter, its name and what is wrong with it, both ended by a zero byte.
std::string answer_of(const levada_plugin& plugin) {
  std::string answer(1, '\0');
  for (size_t at = 0; at < plugin.component_count; ++at) {
    const levada_component& component = *plugin.components[at];
    answer += static_cast<char>('a' + component.kind);
    answer += component.name;
    answer += '\0';
    for (const auto& fault : check_component(component)) answer += fault + "; ";
    if (answer.ends_with("; ")) answer.resize(answer.size() - 2);
    answer += '\0';
  }
  return answer;
}

void append_sized(std::string& to, const std::string& text) {
  const auto size = static_cast<uint32_t>(text.size());
  to.append(reinterpret_cast<const char*>(&size), sizeof size);
  to += text;
}

bool take_sized(std::string_view& from, std::string& text) {
  uint32_t size = 0;
  if (from.size() < sizeof size) return false;
  std::memcpy(&size, from.data(), sizeof size);
  from.remove_prefix(sizeof size);
  if (from.size() < size) return false;
  text = from.substr(0, size);
  from.remove_prefix(size);
  return true;
}

}  // namespace

PluginTrials& PluginTrials::of_process() {
  static auto* const one = new PluginTrials;
  return *one;
}

void PluginTrials::try_all(std::vector<PluginImage*> images) {
  std::erase_if(images, [&](const PluginImage* image) { return answers_.contains(image->identity()); });
  if (images.empty() || !makes_trials_) return;
  const auto attempt = [&](size_t number) -> std::string {
    const auto plugin = load_plugin(std::move(*images[number]));
    return plugin ? answer_of(**plugin) : plugin.error().message;
  };
  auto answers = try_in_child(images.size(), attempt, kPatience);
  for (size_t number = 0; number < images.size(); ++number)
    if (!answers[number].empty()) answers_[images[number]->identity()] = std::move(answers[number]);
}

PluginTrials::Result PluginTrials::result(const std::string& identity, const std::string& path) const {
  Result result;
  const auto found = answers_.find(identity);
  if (found == answers_.end() || found->second.empty() || found->second.front() != '\0') {
    result.reason = found != answers_.end() ? found->second
                    : makes_trials_         ? "cannot be tried, as no process can be made"
                                            : "was changed while the configuration was checked";
    if (!result.reason.starts_with(path)) result.reason = path + ": " + result.reason;
    return result;
  }
  const std::string& answer = found->second;
  for (size_t at = 1; at < answer.size();) {
    const auto text = [&] {
      const size_t end = answer.find('\0', at);
      std::string taken = answer.substr(at, end - at);
      at = end + 1;
      return taken;
    };
    const auto kind = static_cast<uint32_t>(answer[at++] - 'a');
    std::string name = text();
    result.components.push_back({kind, std::move(name), text()});
  }
  return result;
}

std::string PluginTrials::text() const {
  std::string all;
  for (const auto& [identity, answer] : answers_) {
    append_sized(all, identity);
    append_sized(all, answer);
  }
  return all;
}

bool PluginTrials::add(std::string_view text) {
  while (!text.empty()) {
    std::string identity, answer;
    if (!take_sized(text, identity) || !take_sized(text, answer)) return false;
    answers_[identity] = std::move(answer);
  }
  return true;
}

}  // namespace levada::agent
