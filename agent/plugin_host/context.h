// What one instance of a component sees of the agent: its levada_host and the services behind it.
#pragma once

#include <string>

#include "agent/env/memory_pool.h"
#include "agent/observe/backlogs.h"
#include "agent/observe/latest_letters.h"
#include "agent/observe/metrics.h"
#include "agent/observe/progress.h"
#include "agent/observe/tap.h"
#include "agent/plugin_host/data_dirs.h"
#include "levada/plugin.h"

namespace levada::agent {

// What the parts of an agent and its components work with; tests give fakes.
struct Services {
  const levada_files* files;
  const levada_clock* clock;
  MemoryPool* memory;
  const levada_log* log;
  Metrics* metrics;
  const levada_random* random = nullptr;  // Null: components find no such service.
  DataDirs* data_dirs = nullptr;          // Null: nobody minds whose a folder is.
  Progress* progress = nullptr;           // Null: nobody looks whether threads move.
  Taps* taps = nullptr;                   // Null: nobody looks at rows on their way.
  Backlogs* backlogs = nullptr;           // Null: nobody asks what sources have before them.
  LatestLetters* letters = nullptr;       // Null: nobody looks at the dead letters while it runs.
};

// Those of the operating system, with what one agent counts and keeps: two of these in one process
// share nothing. It outlives all that is made with its services.
class SystemServices {
 public:
  Services services();
  Metrics& metrics() { return metrics_; }
  const Progress& progress() const { return progress_; }
  const Metrics& metrics() const { return metrics_; }
  const MemoryPool& memory() const { return memory_; }
  Taps& taps() { return taps_; }
  const Backlogs& backlogs() const { return backlogs_; }
  const LatestLetters& letters() const { return letters_; }

 private:
  MemoryPool memory_;
  Metrics metrics_;
  DataDirs data_dirs_;
  Progress progress_;
  Taps taps_;
  Backlogs backlogs_;
  LatestLetters letters_;
};

// Stays where it is as long as the instance lives.
class Context {
 public:
  // `component`: "sources.clicks"; `data_dir`: its own.
  Context(const Services& services, std::string component, std::string data_dir, bool until_drained);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const levada_host* host() const { return &whole_.host; }
  const std::string& component() const { return component_; }
  const std::string& data_dir() const { return data_dir_; }

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
  levada_observe observe_;
};

}  // namespace levada::agent
