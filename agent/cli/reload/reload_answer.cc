#include "agent/cli/reload/reload_answer.h"

#include "agent/base/json_text.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

const char* name_of(ReloadAnswer::Outcome outcome) {
  switch (outcome) {
    case ReloadAnswer::Outcome::unchanged: return "unchanged";
    case ReloadAnswer::Outcome::done: return "done";
    case ReloadAnswer::Outcome::refused: return "refused";
    case ReloadAnswer::Outcome::rolled_back: return "rolled_back";
    case ReloadAnswer::Outcome::broken: return "broken";
    case ReloadAnswer::Outcome::stopped: return "stopped";
  }
  return "";
}

const char* words_of(ReloadAnswer::Outcome outcome) {
  switch (outcome) {
    case ReloadAnswer::Outcome::unchanged: return "nothing changed: all goes on";
    case ReloadAnswer::Outcome::done: return "reloaded";
    case ReloadAnswer::Outcome::refused: return "not reloaded: all goes on as before";
    case ReloadAnswer::Outcome::rolled_back: return "rolled back: all goes on as before";
    case ReloadAnswer::Outcome::broken: return "reload failed, and what ran before could not be started again";
    case ReloadAnswer::Outcome::stopped: return "not reloaded: the agent is stopping";
  }
  return "";
}

void append_text(std::string& to, std::string text) {
  if (!is_utf8(text))
    for (auto& character : text)
      if (static_cast<unsigned char>(character) >= 0x80) character = '?';
  append_json_text(to, text);
}

void append_list(std::string& to, const char* name, const std::vector<std::string>& texts) {
  to += std::string(",\"") + name + "\":[";
  for (size_t at = 0; at < texts.size(); ++at) {
    if (at > 0) to += ',';
    append_text(to, without_secrets(texts[at]));
  }
  to += ']';
}

}  // namespace

std::vector<std::string> ReloadAnswer::lines() const {
  std::vector<std::string> all = {words_of(outcome)};
  const auto add = [&](const char* what, const std::vector<std::string>& names) {
    if (!names.empty()) all.push_back(std::string(what) + ": " + listed(names));
  };
  if (outcome == Outcome::done) {
    add("changed", plan.changed);
    add("added", plan.added);
    add("removed", plan.removed);
    add("restarted", plan.restarted);
    add("options of [agent]", options);
    add("plugins loaded", plan.plugins);
    if (!plan.kept.empty()) all.push_back("kept, without a pause: " + std::to_string(plan.kept.size()));
  }
  for (const auto& error : errors) all.push_back(error);
  for (const auto& warning : warnings) all.push_back("warning: " + warning);
  for (auto& line : all) line = without_secrets(std::move(line));
  return all;
}

std::string ReloadAnswer::json() const {
  std::string text = std::string("{\"outcome\":\"") + name_of(outcome) + "\"";
  append_list(text, "changed", plan.changed);
  append_list(text, "added", plan.added);
  append_list(text, "removed", plan.removed);
  append_list(text, "restarted", plan.restarted);
  append_list(text, "kept", plan.kept);
  append_list(text, "options", options);
  append_list(text, "plugins", plan.plugins);
  append_list(text, "warnings", warnings);
  append_list(text, "errors", errors);
  std::string all;
  for (const auto& line : lines()) all += line + "\n";
  text += ",\"text\":";
  append_text(text, std::move(all));
  return text + "}\n";
}

ReloadAnswer refused_for(const Diagnostics& findings) {
  std::vector<std::string> errors;
  for (const auto& each : findings.sorted()) errors.push_back(each.text());
  return not_reloaded(ReloadAnswer::Outcome::refused, std::move(errors));
}

ReloadAnswer not_reloaded(ReloadAnswer::Outcome outcome, std::vector<std::string> errors) {
  ReloadAnswer answer;
  answer.outcome = outcome;
  answer.errors = std::move(errors);
  return answer;
}

}  // namespace levada::agent
