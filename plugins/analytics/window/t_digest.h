// Quantiles of many values in bounded memory: a merging t-digest (Dunning and Ertl, "Computing
// extremely accurate quantiles using t-digests") with the scale function k1.
//
// Values are kept as centroids, a mean and how many values it stands for; towards both ends
// centroids stand for fewer. Up to kRoom values are kept as they are, and quantiles of so many are
// exact. What it is depends on the order of the values, though not on how they are cut into
// batches: values are summed up when there is no room for another, and at no other time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "levada/saved_state.h"

namespace levada::window {

class TDigest {
 public:
  // A centroid is at most a whole pi / kCompression of the values wide, and that only in the
  // middle: 1.6 %. There are at most kCompression of them.
  static constexpr double kCompression = 200;
  static constexpr size_t kRoom = 400;
  struct Centroid {
    double mean;
    uint64_t weight;
  };

  // Anything but NaN, which is no value.
  void add(double value) {
    if (std::isnan(value)) return;
    if (std::isinf(value)) {
      ++(value < 0 ? below_ : above_);
      return;
    }
    add({value, 1}, value, value);
  }
  void join(const TDigest& other) {
    below_ += other.below_;
    above_ += other.above_;
    // The ends of what the centroids stand for.
    for (const auto& each : other.centroids_) add(each, other.least_, other.greatest_);
  }
  uint64_t count() const { return below_ + above_ + finite_; }
  // Of at least one value; `share` from 0 to 1. The value of that rank among (count - 1), between
  // two neighbours in proportion. `room` is for the work, and may be used again.
  double at(double share, std::vector<Centroid>& room) const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    double rank = share * static_cast<double>(count() - 1);
    if (rank < static_cast<double>(below_)) return -kInfinity;
    rank -= static_cast<double>(below_);
    if (finite_ == 0 || rank > static_cast<double>(finite_ - 1)) return above_ > 0 ? kInfinity : greatest_;
    room.assign(centroids_.begin(), centroids_.end());
    sort(room);
    return between(room, rank);
  }
  size_t bytes() const { return sizeof *this + centroids_.capacity() * sizeof(Centroid); }

  // As it is: what comes later gives the same as if it had never been saved.
  void save(StateWriter& to) const {
    to.value(below_);
    to.value(above_);
    to.value(least_);
    to.value(greatest_);
    to.value(static_cast<uint32_t>(centroids_.size()));
    to.bytes(centroids_.data(), centroids_.size() * sizeof(Centroid));
  }
  void load(StateReader& from) {
    below_ = from.value<uint64_t>();
    above_ = from.value<uint64_t>();
    least_ = from.value<double>();
    greatest_ = from.value<double>();
    const auto count = from.value<uint32_t>();
    const auto bytes = from.bytes(uint64_t{count} * sizeof(Centroid));
    if (count > kRoom) from.fail();
    if (!from.good()) return;
    centroids_.resize(count);
    if (count > 0) std::memcpy(centroids_.data(), bytes.data(), bytes.size());
    finite_ = 0;
    for (const auto& each : centroids_) {
      if (!std::isfinite(each.mean) || each.weight == 0) return from.fail();
      finite_ += each.weight;
    }
  }

 private:
  void add(Centroid centroid, double least, double greatest) {
    if (centroids_.size() == kRoom) sum_up();
    if (centroids_.size() == centroids_.capacity())
      centroids_.reserve(std::min(kRoom, std::max<size_t>(4, 2 * centroids_.size())));
    centroids_.push_back(centroid);
    least_ = finite_ == 0 ? least : std::min(least_, least);
    greatest_ = finite_ == 0 ? greatest : std::max(greatest_, greatest);
    finite_ += centroid.weight;
  }
  static void sort(std::vector<Centroid>& centroids) {
    std::sort(centroids.begin(), centroids.end(), [](const Centroid& a, const Centroid& b) {
      return a.mean != b.mean ? a.mean < b.mean : a.weight < b.weight;
    });
  }
  // The share up to which a centroid may go that begins at a share: one further in k1.
  static double limit_from(double share) {
    constexpr double kStep = 2 * std::numbers::pi / kCompression;
    const double angle = std::asin(2 * std::min(share, 1.0) - 1) + kStep;
    return angle >= std::numbers::pi / 2 ? 1 : (std::sin(angle) + 1) / 2;
  }
  void sum_up() {
    sort(centroids_);
    const auto all = static_cast<double>(finite_);
    size_t to = 0;
    uint64_t before = 0;  // Values in front of centroid `to`.
    double limit = all * limit_from(0);
    for (size_t at = 1; at < centroids_.size(); ++at) {
      const auto next = centroids_[at];
      auto& last = centroids_[to];
      if (static_cast<double>(before + last.weight + next.weight) <= limit) {
        last = middle_of(last, next);
        continue;
      }
      before += last.weight;
      limit = all * limit_from(static_cast<double>(before) / all);
      centroids_[++to] = next;
    }
    centroids_.resize(to + 1);
  }
  // Equal means stay what they are, and the greatest numbers do not run over.
  static Centroid middle_of(Centroid a, Centroid b) {
    const uint64_t weight = a.weight + b.weight;
    const double part = static_cast<double>(b.weight) / static_cast<double>(weight), distance = b.mean - a.mean;
    return {std::isfinite(distance) ? a.mean + distance * part : a.mean * (1 - part) + b.mean * part, weight};
  }
  // The values of a centroid lie around its mean, the outermost are the least and the greatest.
  double between(const std::vector<Centroid>& sorted, double rank) const {
    double from = 0, from_value = least_, before = 0;
    for (const auto& each : sorted) {
      // A single value has its own rank, several have a middle.
      const double middle = before + (static_cast<double>(each.weight) - 1) / 2;
      if (rank <= middle) return part_of(from, from_value, middle, each.mean, rank);
      from = middle;
      from_value = each.mean;
      before += static_cast<double>(each.weight);
    }
    return part_of(from, from_value, static_cast<double>(finite_ - 1), greatest_, rank);
  }
  double part_of(double from, double from_value, double to, double to_value, double rank) const {
    if (to <= from || from_value == to_value) return to_value;
    const double part = std::clamp((rank - from) / (to - from), 0.0, 1.0), distance = to_value - from_value;
    const double value =
        std::isfinite(distance) ? from_value + distance * part : from_value * (1 - part) + to_value * part;
    return std::clamp(value, least_, greatest_);
  }

  std::vector<Centroid> centroids_;  // Those of a summing up first, in order, and then what came since.
  uint64_t finite_ = 0, below_ = 0, above_ = 0;
  double least_ = 0, greatest_ = 0;
};

}  // namespace levada::window
