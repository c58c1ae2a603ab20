// Several sinks that take the rows of one channel together: the first that works, or each its share.
#pragma once

#include <memory>
#include <vector>

#include "agent/config/topology.h"
#include "agent/pipeline/sink_target.h"

namespace levada::agent {

// A sink that failed gets no rows until its penalty is over. Rows since the last commit go to the others then, so a
// group is at least once.
class SinkGroup final : public SinkTarget {
 public:
  SinkGroup(SinkGroupConfig::Type type, std::vector<std::unique_ptr<SinkInstance>> sinks,
            std::chrono::nanoseconds penalty, const levada_clock& clock);

  const std::string& name() const override { return members_[current_].sink->name(); }
  bool keeps_checkpoint() const override { return false; }
  Done open() override { return {}; }
  Result<std::vector<Position>> recover() override;
  Done write(const Batch& batch, std::chrono::nanoseconds timeout, CBatch& rejected) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, CBatch& rejected) override;
  Done idle() override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  struct Member {
    std::unique_ptr<SinkInstance> sink;
    bool open = false;      // It was opened, and has recovered since it failed.
    bool to_close = false;  // It was opened at some time, and is not closed.
    bool written = false;   // It has rows that are not committed.
    std::chrono::nanoseconds penalty_until{};
  };
  bool choose();
  Done prepare(Member& member);
  Done failed(Member& member, Error error);

  const SinkGroupConfig::Type type_;
  std::vector<Member> members_;
  const std::chrono::nanoseconds penalty_;
  const levada_clock& clock_;
  size_t current_ = 0;
};

}  // namespace levada::agent
