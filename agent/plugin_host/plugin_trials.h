// What is known of plugin files: each is loaded in a child process before anything uses it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/plugin_host/plugin_image.h"

namespace levada::agent {

// One for a process: see of_process. A child is forked for it, so only a process with one thread
// makes trials; one with more is told the results of another.
class PluginTrials {
 public:
  struct Component {
    uint32_t kind;
    std::string name, fault;  // What is wrong with it; empty: nothing.
  };
  // Why the plugin must not be loaded, or its components.
  struct Result {
    std::string reason;
    std::vector<Component> components;
  };

  static PluginTrials& of_process();

  // Tries those of which nothing is known yet, by the identities of their files.
  void try_all(std::vector<PluginImage*> images);
  // Of one that was to be tried; `path` is for the reason.
  Result result(const std::string& identity, const std::string& path) const;

  // From now on this process has more threads than one.
  void stop_trying() { makes_trials_ = false; }
  // All that is known, for another process of the same program.
  std::string text() const;
  // Adds what another process knows. False: it is no such text.
  bool add(std::string_view text);

 private:
  bool makes_trials_ = true;
  std::map<std::string, std::string> answers_;  // Of the child, by the identity of the file.
};

}  // namespace levada::agent
