// What keeps a channel from taking batches, and the words for it. Not locked: the channel guards it.
#pragma once

#include <string>
#include <utility>

namespace levada::agent {

class Blockage {
 public:
  enum class Cause { none, disk, full };

  // True: the cause is a new one, worth a line in the log.
  bool begin(Cause cause, std::string why) {
    why_ = std::move(why);
    return std::exchange(cause_, cause) != cause;
  }
  // The cause that it had.
  Cause end() {
    why_.clear();
    return std::exchange(cause_, Cause::none);
  }
  // Words for a wait that ends by itself; there is no cause to begin or end.
  void mention(std::string why) { why_ = std::move(why); }
  void forget_mention() {
    if (cause_ == Cause::none) why_.clear();
  }

  Cause cause() const { return cause_; }
  // Empty where nothing keeps it.
  const std::string& why() const { return why_; }

 private:
  Cause cause_ = Cause::none;
  std::string why_;
};

}  // namespace levada::agent
