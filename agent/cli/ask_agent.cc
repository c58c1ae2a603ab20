#include "agent/cli/ask_agent.h"

#include "agent/cli/configuration.h"
#include "agent/config/json_parser.h"

namespace levada::agent {
namespace {

// The agent that runs may have been started with what stood in the files before, and with
// credentials that systemd gives to the service alone: of what is wrong with them now, only what
// hides `data_dir` matters.
std::string load_data_dir(const std::string& config, Diagnostics& diagnostics) {
  Diagnostics whole, table;
  auto document = read_document(config, whole);
  Diagnostics& found = document ? whole : table;
  if (!document) document = read_agent_table(config, table);
  if (!document) {
    diagnostics = std::move(whole);
    return {};
  }
  const std::string data_dir = read_agent(*document, found).data_dir;
  for (auto& each : found.sorted())
    if (each.message.starts_with("agent.data_dir: "))
      diagnostics.add(std::move(each.location), std::move(each.message));
  return data_dir;
}

}  // namespace

std::optional<AgentClient> AgentClient::of(const std::string& config) {
  Diagnostics diagnostics;
  const auto data_dir = load_data_dir(config, diagnostics);
  if (refused(diagnostics)) return std::nullopt;
  return AgentClient(status_socket(data_dir));
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
