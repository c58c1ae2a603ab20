// What one instance of a component sees of the agent: its levada_host and the services behind it.
#pragma once

#include <string>

#include "agent/observe/metrics.h"
#include "levada/plugin.h"

namespace levada::agent {

// The bench that components are given; tests give another one.
struct Services {
  const levada_files* files;
  const levada_clock* clock;
  const levada_memory* memory;
  const levada_log* log;
  Metrics* metrics;
};

Services system_services(Metrics& metrics);

// Stays where it is as long as the instance lives.
class Context {
 public:
  // `component`: "sources.clicks".
  Context(const Services& services, std::string component, const std::string& data_dir, bool until_drained);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const levada_host* host() const { return &whole_.host; }
  const std::string& component() const { return component_; }

 private:
  // The services get the levada_host back; this finds the way to the context.
  struct Whole {
    levada_host host;
    const Context* context;
  };
  static const Context& of(const levada_host* host) { return *reinterpret_cast<const Whole*>(host)->context; }
  static const void* service(const levada_host* host, const char* id);

  const Services services_;
  const std::string component_, data_dir_;
  Whole whole_;
  levada_metrics metrics_;
};

}  // namespace levada::agent
