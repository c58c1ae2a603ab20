// levada reload: the running agent reads its configuration again.
#include <chrono>
#include <cstdio>

#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/config/json_parser.h"

namespace levada::agent {

int ask_to_reload(const std::string& config) {
  const auto agent = AgentClient::of(config);
  if (!agent) return kBadConfiguration;
  // It may wait for stop_timeout, on the way there and on the way back.
  const auto answer = agent->ask("POST", "/api/reload", std::chrono::hours(1));
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return kFailed;
  }
  Diagnostics diagnostics;
  const auto parsed = parse_json(answer->body, "/api/reload", diagnostics);
  const auto text = parsed ? text_of(*parsed, "text") : std::string();
  const bool is_good = answer->status == 200;
  std::fputs((text.empty() ? error_of(*answer) + "\n" : text).c_str(), is_good ? stdout : stderr);
  if (is_good) return kOk;
  return parsed && text_of(*parsed, "outcome") == "refused" ? kBadConfiguration : kFailed;
}

}  // namespace levada::agent
