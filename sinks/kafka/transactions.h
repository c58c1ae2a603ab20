// The sink's transactions: each has the rows from one commit to the next and, in the
// positions topic, where they came from. Takes the place of a predecessor with the same
// id, and notices a successor.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "group_offsets.h"
#include "levada/sdk.h"
#include "positions_topic.h"
#include "producer.h"
#include "settings.h"

namespace levada::kafka_sink {

class Transactions {
 public:
  Transactions(const KafkaSettings& settings, KafkaConf reader, Host host, LogLimiter& log);

  // Sets the transactional id in the producer's configuration: what the user gave, or a
  // random one that is kept on disk.
  Done name(KafkaConf& conf);
  Done open(Producer& producer) { return topic_.open(producer); }

  // What stands is that of the last commit, and a transaction may begin. Fails where
  // another agent has the id now.
  Done take_over(Producer& producer);
  // The transaction that is open, if one is, never was. Where that fails, or the last commit is in
  // doubt, a new producer must take over.
  Done abort(Producer& producer);
  bool ready() const { return state_ == State::ready; }
  bool needs_new_producer() const { return state_ == State::committing || state_ == State::ended; }
  void use_new_producer() { state_ = State::fresh; }
  std::vector<Position> positions() const;

  // For both see GroupOffsets.
  Done check(const Batch& batch) const { return group_offsets_ ? group_offsets_->check(batch) : Done(); }
  bool fenced(const Batch& batch) { return group_offsets_ && group_offsets_->fenced(batch); }
  // Before the first row.
  Done begin(Producer& producer);
  // Produces the checkpoint's positions as a part of the transaction; gives
  // how many messages that were.
  Result<int64_t> write_positions(Producer& producer, const Checkpoint& checkpoint);
  // When all messages are delivered. IDLE: not through within the time.
  Done commit(Producer& producer, std::chrono::nanoseconds timeout);

  // What to do about a producer that can never produce again.
  Error ended(const FatalError& why);

 private:
  // A producer is fresh until it has fenced its predecessors. `committing` ends in `ready`, or in
  // `ended` where nobody knows whether the commit took place.
  enum class State { fresh, alone, ready, open, committing, ended };

  Done fence(Producer& producer);

  bool is_ours(const Positions& found) const { return !known_ || found == committed_ || found == next_; }
  Error taken_over(const std::string& why) const;
  Error failed(Producer& producer, const KafkaError& error, const char* what);
  Positions next_after(const Checkpoint& checkpoint) const;

  const Host host_;
  const std::chrono::nanoseconds timeout_;
  const PositionsTopic topic_;
  std::string id_;
  std::optional<GroupOffsets> group_offsets_;
  State state_ = State::fresh;
  std::chrono::nanoseconds began_{};
  bool fenced_by_time_ = false;  // The coordinator may have ended our transaction; or another agent did.
  bool offsets_sent_ = false;
  bool known_ = false;   // Whether the next is what the topic says, or was never read.
  Positions committed_;  // What the last commit has stored,
  Positions next_;       // and what the one under way will.
};

}  // namespace levada::kafka_sink
