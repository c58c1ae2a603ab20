// Questions of the commands to the agent that runs with a configuration.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/config/node.h"
#include "agent/status/http_client.h"

namespace levada::agent {

class AgentClient {
 public:
  // Of the agent of that configuration; nothing where the files do not say where it runs, which was
  // reported.
  static std::optional<AgentClient> of(const std::string& config);

  Result<HttpAnswer> ask(const std::string& method, const std::string& target,
                         std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    return agent::ask(socket_, method, target, timeout);
  }
  // The object that a GET gives. Any status but 200 is an error with the agent's words.
  Result<Node> get(const std::string& target) const;

 private:
  explicit AgentClient(std::string socket) : socket_(std::move(socket)) {}
  const std::string socket_;
};

// What the answer says went wrong.
std::string error_of(const HttpAnswer& answer);

// Of a JSON object; 0 or empty where it has no such member.
double number_of(const Node& object, std::string_view member);
std::string text_of(const Node& object, std::string_view member);

}  // namespace levada::agent
