// The rows of a channel that cannot be read any more: each gap is counted once, however
// many readers pass over it, and readers are told what each stream has lost. Not
// locked: the channel guards it.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "agent/channels/file/format.h"

namespace levada::agent {

class MissingRows {
 public:
  // By stream: no rows before this number are missing.
  using From = std::map<std::string, uint64_t>;
  static void lower(From& from, const std::string& stream, uint64_t row) {
    const auto [at, is_new] = from.try_emplace(stream, row);
    at->second = std::min(at->second, row);
  }

  // What a start has found to be lost at the end of the log.
  void found_lost(From from) {
    due_ = due_ || !from.empty();
    from_ = std::move(from);
  }
  // A reader passes over a gap. False: it is known.
  bool add(uint64_t serial, const LogOffset& first) { return known_.emplace(serial, first).second; }
  // Rows are missing in the segment at that path, or behind it; "": it is not known in which.
  void add_segment(const std::string& path) {
    due_ = true;
    if (!path.empty()) segments_.insert(path);
  }

  // Readers are to be told and have not been.
  bool due() const { return due_ || telling_; }
  struct News {
    From from;
    std::set<std::string> segments;  // Paths of segments in which more is missing.
  };
  // What readers are to be told. What is found from now on makes it due again.
  News begin_telling() {
    due_ = false;
    telling_ = true;
    return {std::exchange(from_, {}), std::exchange(segments_, {})};
  }
  // Where they could not be told it is due again.
  void end_telling(bool told, const From& from) {
    telling_ = false;
    if (told) return;
    due_ = true;
    for (const auto& [stream, row] : from) lower(from_, stream, row);
  }

 private:
  bool due_ = false, telling_ = false;
  From from_;
  std::set<std::string> segments_;
  std::set<std::pair<uint64_t, LogOffset>> known_;  // By segment and first row missing.
};

}  // namespace levada::agent
