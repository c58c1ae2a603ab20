#include "agent/cli/ask_agent.h"

#include "agent/cli/configuration.h"
#include "agent/config/json_parser.h"

namespace levada::agent {

std::optional<AgentClient> AgentClient::of(const std::string& config) {
  Diagnostics diagnostics;
  const auto loaded = load_for_inspection(config, diagnostics);
  if (refused(diagnostics)) return std::nullopt;
  return AgentClient(status_socket(loaded.agent.data_dir));
}

Result<Node> AgentClient::get(const std::string& target) const {
  auto answer = ask("GET", target);
  if (!answer) return std::move(answer).error();
  if (answer->status != 200) return fatal(error_of(*answer));
  Diagnostics diagnostics;
  auto parsed = parse_json(answer->body, target, diagnostics);
  if (!parsed) return fatal("what the agent says of " + target + " is no JSON");
  return *std::move(parsed);
}

std::string error_of(const HttpAnswer& answer) {
  Diagnostics diagnostics;
  if (const auto parsed = parse_json(answer.body, "", diagnostics))
    if (const auto text = text_of(*parsed, "error"); !text.empty()) return text;
  return "the agent answers with the status " + std::to_string(answer.status);
}

double number_of(const Node& object, std::string_view member) {
  const Node* found = object.find(member);
  if (!found) return 0;
  return found->kind == Node::Kind::number ? found->number : static_cast<double>(found->integer);
}

std::string text_of(const Node& object, std::string_view member) {
  const Node* found = object.find(member);
  return found ? found->text : std::string();
}

}  // namespace levada::agent
