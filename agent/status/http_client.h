// Asks a running agent by its Unix socket; for the commands of the program.
#pragma once

#include <chrono>
#include <string>

#include "levada/result.h"

namespace levada::agent {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// The path of the socket of the agent that runs on that folder.
std::string status_socket(const std::string& data_dir);

// `target`: "/api/tap?tap=1". RETRY: no agent runs there, or it does not answer in that time.
Result<HttpAnswer> ask(const std::string& socket, const std::string& method, const std::string& target,
                       std::chrono::milliseconds timeout = std::chrono::seconds(10), const std::string& body = {});

}  // namespace levada::agent
