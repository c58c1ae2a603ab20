// levada health: whether the agent of a configuration runs and does what it is there for. Good or
// not is all that it says by its exit code: a container's engine knows no third.
#include <cmath>
#include <cstdio>

#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "agent/config/json_parser.h"

namespace levada::agent {

int health(const std::string& config) {
  const auto agent = AgentClient::of(config);
  if (!agent) return kFailed;
  const auto answer = agent->ask("GET", "/health", std::chrono::seconds(5));
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return kFailed;
  }
  Diagnostics diagnostics;
  const auto parsed = parse_json(answer->body, "/health", diagnostics);
  if (const auto* problems = parsed ? parsed->find("problems") : nullptr)
    for (const auto& problem : problems->items) {
      std::printf("%s: %s", text_of(problem, "component").c_str(), text_of(problem, "what").c_str());
      const auto seconds = number_of(problem, "seconds");
      std::printf(seconds > 0 ? " (for %.0f s)\n" : "\n", std::ceil(seconds));
    }
  std::printf("%s\n", answer->status == 200 ? "good" : "not good");
  return answer->status == 200 ? kOk : kFailed;
}

}  // namespace levada::agent
