// A look at rows on their way through a component that runs: some of each batch, as JSON. Where
// nobody looks it costs one relaxed load for each batch.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "levada/sdk.h"

namespace levada::agent {

class Taps;

// Where the rows of a component go in and out.
class TapPoint {
 public:
  enum class Way { in, out };

  // Whether `give` has anything to do.
  bool wanted() const { return wanted_.load(std::memory_order_relaxed); }
  // Keeps some of the rows for those who look. [any thread]
  void give(Way way, const Batch& batch);

 private:
  friend class Taps;
  Taps* taps_ = nullptr;
  std::string component_;
  std::atomic<bool> wanted_{false};
};

// One for an agent; points live as long as it does. All times are monotonic. [any thread]
class Taps {
 public:
  using nanoseconds = std::chrono::nanoseconds;
  // The rows that are wanted, of those given. Called by one thread at a time.
  using Filter = std::function<Result<Batch>(const Batch&)>;

  // A tap that nobody reads from is closed after that time.
  static constexpr nanoseconds kPatience = std::chrono::seconds(10);
  static constexpr size_t kMostTaps = 16;
  static constexpr size_t kRowsOfBatch = 10;        // That it keeps, at most, spread over the batch.
  static constexpr size_t kRowsWaiting = 1000;      // For who reads; what does not fit is left out.
  static constexpr size_t kBytesWaiting = 4 << 20;  // Likewise.
  static constexpr size_t kRowBytes = 256 << 10;    // Of a longer row only its size is shown.

  // Of that component, made on first use.
  TapPoint& point(std::string_view component);

  // A look at a component; gives the tap's number. FATAL: there are too many.
  Result<uint64_t> open(const std::string& component, Filter filter, nanoseconds now);
  struct Rows {
    std::vector<std::string> lines;  // {"way":"in","component":...,"row":{...}}
    std::string failure;             // Of the filter: no more rows come.
  };
  // What came since the last call. FATAL: there is no such tap, maybe as nobody had read from it
  // for long.
  Result<Rows> read(uint64_t tap, nanoseconds now);
  void close(uint64_t tap);
  // Ends those that nobody reads from.
  void close_forgotten(nanoseconds now);

 private:
  friend class TapPoint;
  struct Tap {
    TapPoint* point;
    Filter filter;
    nanoseconds read_at;
    Rows rows;
    size_t bytes = 0;
  };
  void give(TapPoint& point, TapPoint::Way way, const Batch& batch);
  void add(Tap& tap, TapPoint::Way way, const Batch& batch);
  void update(TapPoint& point);

  std::mutex mutex_;
  std::map<std::string, TapPoint, std::less<>> points_;
  std::map<uint64_t, Tap> taps_;
  uint64_t next_ = 1;
};

}  // namespace levada::agent
