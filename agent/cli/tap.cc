// levada tap: rows on their way through a component of a running agent.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "agent/cli/ask_agent.h"
#include "agent/cli/commands.h"
#include "levada/http_rules.h"

namespace levada::agent {
namespace {

constexpr auto kEvery = std::chrono::milliseconds(200);
// The filter may have to be loaded first.
constexpr auto kPatience = std::chrono::seconds(60);

int fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return kFailed;
}

}  // namespace

int tap(const TapRequest& request) {
  const auto agent = AgentClient::of(request.config);
  if (!agent) return kBadConfiguration;
  auto target = "/api/tap?component=" + encoded(request.component);
  if (!request.filter.empty()) target += "&filter=" + encoded(request.filter);
  const auto opened = agent->ask("POST", target, kPatience);
  if (!opened) return fail(opened.error().message);
  if (opened->status != 200) return fail(error_of(*opened));
  const auto number = opened->body.substr(opened->body.find(':') + 1);
  const auto rows = "/api/tap?tap=" + std::to_string(std::strtoull(number.c_str(), nullptr, 10));
  for (uint64_t shown = 0;;) {
    const auto answer = agent->ask("GET", rows);
    if (!answer) return fail(answer.error().message);
    if (answer->status != 200) return fail(error_of(*answer));
    for (size_t at = 0; at < answer->body.size();) {
      const auto end = std::min(answer->body.find('\n', at), answer->body.size());
      std::fwrite(answer->body.data() + at, 1, end - at, stdout);
      std::fputc('\n', stdout);
      at = end + 1;
      if (++shown == request.rows) return std::fflush(stdout) == 0 ? kOk : kFailed;
    }
    // Whoever read them has gone.
    if (std::fflush(stdout) != 0) return kOk;
    std::this_thread::sleep_for(kEvery);
  }
}

}  // namespace levada::agent
