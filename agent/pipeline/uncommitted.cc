#include "agent/pipeline/uncommitted.h"

#include <algorithm>

namespace levada::agent {
namespace {

// A commit that is put off waits no longer once it has so many times the bytes that it is to have.
constexpr int64_t kTimesBytes = 8;

}  // namespace

void Uncommitted::add_rows(int64_t rows, nanoseconds now) {
  rows_ += rows;
  last_ = now;
  if (!any_) first_ = now;
  any_ = true;
}

void Uncommitted::add_part(const std::string& stream, bool last) {
  if (last) unfinished_.erase(stream);
  else unfinished_.insert(stream);
}

void Uncommitted::clear() {
  rows_ = bytes_ = 0;
  any_ = false;
  unfinished_.clear();
}

bool Uncommitted::is_due(nanoseconds now) const {
  if (!any_ || !at_position()) return false;
  const bool enough_rows = policy_.rows > 0 && rows_ >= policy_.rows;
  if (now < not_before_ && bytes_ / kTimesBytes < policy_.bytes && !enough_rows) return false;
  return enough_rows || bytes_ >= policy_.bytes || now >= deadline();
}

nanoseconds Uncommitted::deadline() const {
  const auto by_age = first_ + policy_.interval;
  return std::max(not_before_, policy_.idle.count() > 0 ? std::min(by_age, last_ + policy_.idle) : by_age);
}

}  // namespace levada::agent
