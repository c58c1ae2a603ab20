// What the rows of a batch say of each request: whether it is a click or a view, and its category.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "levada/batch.h"
#include "levada/saved_state.h"

namespace levada::detect_bots {

enum class Kind : uint8_t { other, click, view };

// Of a request, in a word: its kind, and the fingerprint of its category, 0 where it has none.
class Request {
 public:
  Request() = default;
  Request(Kind kind, uint64_t fingerprint) : word_((fingerprint & ~kKind) | static_cast<uint64_t>(kind)) {}
  Kind kind() const { return static_cast<Kind>(word_ & kKind); }
  bool has_category() const { return (word_ & ~kKind) != 0; }
  uint64_t category() const { return word_ >> 2; }

  // In a byte where it has no category.
  void save(StateWriter& to) const {
    to.number((word_ & kKind) | (has_category() ? kHasCategory : 0));
    if (has_category()) to.value(word_);
  }
  void load(StateReader& from) {
    word_ = from.number();
    if (word_ > (kHasCategory | kKind)) from.fail();
    if (word_ < kHasCategory) return;
    word_ = from.value<uint64_t>();
  }

 private:
  static constexpr uint64_t kKind = 3, kHasCategory = 4;
  uint64_t word_ = 0;
};

struct RequestColumns {
  std::string type, click, view;
  std::string category;
  std::string category_after;  // The segment of a path that stands before it; empty: it stands alone.
};

class Requests {
 public:
  explicit Requests(RequestColumns columns);

  void read(const Batch& batch, uint64_t seed);
  Request operator[](size_t row) const { return requests_[row]; }

 private:
  Kind kind_of(std::string_view type) const {
    return type == columns_.click ? Kind::click : type == columns_.view ? Kind::view : Kind::other;
  }
  std::string_view category_in(std::string_view text) const;

  const RequestColumns columns_;
  const std::string before_;  // "/c/"
  std::vector<Request> requests_;
};

}  // namespace levada::detect_bots
