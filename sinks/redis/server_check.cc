#include "server_check.h"

#include <string>
#include <string_view>

#include "redis/command_text.h"

namespace levada::redis_sink {

namespace {

// The value of a line "name:value" of what INFO says.
std::string_view value_in(std::string_view info, std::string_view name) {
  for (size_t at = info.find(name); at != info.npos; at = info.find(name, at + 1)) {
    const auto rest = info.substr(at + name.size());
    if ((at > 0 && info[at - 1] != '\n') || !rest.starts_with(':')) continue;
    return rest.substr(1, rest.find_first_of("\r\n") - 1);
  }
  return {};
}

}  // namespace

Done check_server(redis::Connection& connection, Host host) {
  std::string commands;
  redis::append_command({"INFO"}, commands);
  const auto replies = connection.ask(commands, 1);
  // The user may not be allowed to ask.
  if (!replies) return replies.code() == Code::retry ? replies.error() : Done();
  const auto info = redis::text_of(*replies->front());
  if (value_in(info, "cluster_enabled") == "1")
    return fatal("this is a Redis Cluster, which the sink cannot write to: name a Redis without cluster mode");
  if (value_in(info, "aof_enabled") == "0")
    host.warning("the server has appendonly off: what it confirms is gone when it crashes");
  if (const auto policy = value_in(info, "maxmemory_policy"); policy.starts_with("allkeys"))
    host.warning("the server's maxmemory-policy is " + std::string(policy) +
                 ": it may throw away the key with the sink's checkpoint, and rows come twice then");
  return {};
}

}  // namespace levada::redis_sink
