// Views of banners, written when they end: so the start, which is the event time, comes
// out of order by up to a minute.
#pragma once

#include <cmath>

#include "records.h"

namespace levada::generate {

class AdViews {
 public:
  static constexpr size_t kLongest = 200;
  static constexpr double kPerSecond = 550;
  static constexpr Shape kShape = Shape::json;

  explicit AdViews(const RecordSettings&) {}

  void write(Writer& out, Random& random, uint64_t row, int64_t time_us) const {
    const auto end_ms = time_us / 1000;
    const double length = random.unit();
    const auto square = length * length;
    const auto duration_ms = static_cast<int64_t>(100 + 59'900 * square * square * square);
    const double share = random.unit();
    auto campaign = static_cast<uint32_t>(kCampaigns * share * std::sqrt(share));
    // Nobody knows the five campaigns behind the last one.
    if (random.chance(0.005)) campaign = kCampaigns + random.below(5);
    out.text(R"({"view_id":")").hex(row * 2654435761 & 0xffffffff, 8).text("-").hex(row >> 16 & 0xffff, 4);
    out.text("-4").hex(row & 0xfff, 3).text(R"(","start_timestamp":)").number(end_ms - duration_ms);
    out.text(R"(,"end_timestamp":)").number(end_ms).text(R"(,"banner_id":)").number(random.below(1000));
    out.text(R"(,"campaign_id":)").number(campaign).text("}");
  }

 private:
  static constexpr uint32_t kCampaigns = 100;
};

}  // namespace levada::generate
