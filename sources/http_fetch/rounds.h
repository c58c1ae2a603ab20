// Counts the runs that fetch each list once: one that was killed is gone on with by the next start,
// so that a list that it had is not fetched again.
#pragma once

#include <cstdint>
#include <string>

#include "levada/host.h"

namespace levada::http_fetch {

class Rounds {
 public:
  explicit Rounds(const Host& host) : files_(host.files()), folder_(host.data_dir()) {}

  // The round that is open, or else a new one, which is above `before`. Durable when it returns.
  Done begin(uint64_t before);
  // All of it is done: the next start begins another one.
  Done end();
  uint64_t number() const { return number_; }
  bool is_open() const { return is_open_; }

 private:
  std::string path() const { return folder_ + "/round"; }
  Done save(bool is_open);

  const Files files_;
  const std::string folder_;
  uint64_t number_ = 0;
  bool is_open_ = false;
};

}  // namespace levada::http_fetch
