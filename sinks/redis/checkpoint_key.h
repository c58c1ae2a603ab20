// The key in which the sink keeps how far it has got: a hash, written in the same MULTI as the
// rows. It also says whose it is, so that of two agents, or of an agent and its own commands that
// are still under way, only the last one can commit.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "redis/connection.h"

namespace levada::redis_sink {

class CheckpointKey {
 public:
  CheckpointKey(std::string name, Host host) : name_(std::move(name)), host_(host) {}

  const std::string& name() const { return name_; }

  // Makes the key this instance's own, also against what this instance has sent before, and reads
  // it. FATAL where an agent that started later has it.
  Result<std::vector<Position>> claim(redis::Connection& connection);

  // Two commands, for the beginning of a commit: from now on no change of the key by others goes
  // unnoticed; and what it says.
  static constexpr size_t kWatchReplies = 2;
  void append_watch(std::string& to) const;
  // What the reply to the second says: OK, or why no commit may follow.
  Done check_owner(const redisReply& reply) const;
  // The commands that put the checkpoint into the key, as a part of the MULTI; how many.
  size_t append_checkpoint(const Checkpoint& checkpoint, std::string& to) const;

  Error taken_over() const;

 private:
  struct Found {
    uint64_t generation = 0;
    std::string owner;
    std::vector<Position> positions;
  };
  Result<Found> parse(const redisReply& reply) const;
  Error damaged(const std::string& what) const;

  const std::string name_;
  const Host host_;
  uint64_t generation_ = 0;  // Of the last claim; 0: there was none.
  std::string owner_;        // What the key says while it is ours.
};

}  // namespace levada::redis_sink
