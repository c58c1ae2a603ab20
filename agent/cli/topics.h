// levada topics: see topics.cc.
#pragma once

#include <string>

namespace levada::agent {

struct TopicsRequest {
  std::string what;          // "plan", "apply"
  std::string config, sink;  // Empty: all sinks that declare topics.
};
// kFailed where some are not, or cannot be, as declared; kBadConfiguration where none are declared.
int topics(const TopicsRequest& request);

}  // namespace levada::agent
