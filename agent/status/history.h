// The last hour of each component: what it did each second for ten minutes, and in each ten seconds
// for an hour. Bounded memory: about 20 KiB for a component, and 4 KiB for each of what it counts
// by names of its own.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "agent/status/process_usage.h"
#include "agent/status/topology_view.h"
#include "agent/status/watched.h"

namespace levada::agent {

// A value for each step of time, the oldest ones forgotten.
class Ring {
 public:
  explicit Ring(size_t size) : values_(size) {}
  void add(float value) {
    values_[next_] = value;
    next_ = (next_ + 1) % values_.size();
    if (count_ < values_.size()) ++count_;
  }
  size_t size() const { return count_; }
  // The newest one is number 0.
  float back(size_t number) const { return values_[(next_ + 2 * values_.size() - 1 - number) % values_.size()]; }
  // The average of the last ones, of so many at most; 0 without any.
  double average(size_t count) const;

 private:
  std::vector<float> values_;
  size_t next_ = 0, count_ = 0;
};

// [any thread]
class History {
 public:
  static constexpr size_t kFine = 600, kCoarse = 360, kStep = 10;  // Samples, samples, seconds.
  static constexpr size_t kComponents = 512;                       // Further ones have no history.
  static constexpr size_t kNamed = 32;                             // Counters "KIND:NAME" of a component: likewise.
  static constexpr const char* kAgent = "agent";                   // As a component: CPU, memory.

  struct Series {
    std::string name;  // "rows_read", or "pattern_rows:error" of what is counted for each of several names.
    const char* unit;  // "rows/s"
    Ring fine{kFine}, coarse{kCoarse};
    double sum = 0;  // Since the last coarse value.
  };

  explicit History(const Watched& watched) : watched_(watched) {}

  // A sample of all components of the view; about once a second.
  void sample(const TopologyView& view, const ProcessUsage& usage);
  // Of the component, by the name of the series, averaged over so many seconds; 0 without any.
  double recent(const std::string& component, const std::string& series, size_t seconds) const;
  // By how much a series that tells an amount went down in a second, over so many of them.
  double decrease(const std::string& component, const std::string& series, size_t seconds) const;
  // {"component":...,"end":seconds since 1970,"fine":{"step":1},...}; empty: it has none.
  std::string json(const std::string& component) const;
  // The last two minutes of what matters most of each component: {"sources.a":[...],...}
  std::string sparklines() const;

 private:
  struct Track {
    std::vector<Series> series;
    std::vector<int64_t> last;  // Of counters.
    size_t steps = 0;
  };
  // The rates of what a component counts for each of several names: values[n] is that of series n.
  void rate_named(const std::string& component, Track& track, double seconds, bool is_new, std::vector<double>& values);
  void add(Track& track, const std::vector<double>& values, size_t times);
  const Series* find(const std::string& component, const std::string& series) const;

  const Watched& watched_;
  mutable std::mutex mutex_;
  std::map<std::string, Track> tracks_;
  std::chrono::nanoseconds sampled_{}, wall_{};
  double cpu_seconds_ = 0;
};

}  // namespace levada::agent
