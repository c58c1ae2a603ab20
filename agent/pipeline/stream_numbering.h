// Numbers the rows of a source's streams, and cuts its batches where they must not be in one piece.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "agent/flow/in_flight.h"

namespace levada::agent {

class StreamNumbering {
 public:
  // `label`: the source's name without its kind, which the names of its streams begin with. `block_rows`: batches are
  // cut at the multiples of it, too; 0: they are not.
  StreamNumbering(std::string label, uint64_t block_rows) : label_(std::move(label)), block_rows_(block_rows) {}

  // "clicks", or "clicks/bot-logs/3", of a stream that the source itself calls "" or "bot-logs/3"; and the way back.
  std::string full_name(const std::string& own) const { return own.empty() ? label_ : label_ + "/" + own; }
  std::string own_name(const std::string& full) const { return full == label_ ? "" : full.substr(label_.size() + 1); }
  bool is_own(const std::string& full) const { return full == label_ || full.starts_with(label_ + "/"); }

  // Where the source goes on with a stream: at the position that is furthest behind, or at its beginning, where that is
  // none. No batch will cross the others, or
  // one of `marks`. One call for a stream, before its first batch; the stream is named in full.
  Position start(const std::string& stream, std::vector<Position> positions, const std::vector<uint64_t>& marks);

  // Whether it has given no number yet to rows of a stream that the source calls so.
  bool is_new(const std::string& own) const { return !streams_.contains(own); }

  // The batch of the source as one part or more, in order. Each has its numbers, the full name of its stream, and an
  // account; all its rows are of one file. A part behind which the source cannot go on has no position.
  std::vector<InFlight> number(Batch batch);

 private:
  struct Stream {
    std::string name;           // In full.
    uint64_t next = 0;          // Rows that were read of it.
    std::deque<Position> cuts;  // Where sinks stand that are ahead, and marks; in order.
  };
  Stream& stream_of(const std::string& own);
  uint64_t end_of_part(const Stream& stream, const Batch& batch, int64_t first) const;
  static InFlight part_of(const Stream& stream, Batch batch, uint64_t end);

  const std::string label_;
  const uint64_t block_rows_;
  std::map<std::string, Stream> streams_;  // By the source's own names.
};

}  // namespace levada::agent
