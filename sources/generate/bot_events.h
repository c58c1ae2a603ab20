// Clicks and views of a shop, as {"type","ip","event_time","url"}; bots among the users.
#pragma once

#include <cmath>

#include "records.h"

namespace levada::generate {

class BotEvents {
 public:
  static constexpr size_t kLongest = 160;
  static constexpr double kPerSecond = 280;
  static constexpr Shape kShape = Shape::json;

  explicit BotEvents(const RecordSettings& settings)
      : users_(settings.users),
        bots_(settings.bots),
        bot_share_(settings.bots * kBotWeight / (settings.bots * kBotWeight + settings.users)) {}

  void write(Writer& out, Random& random, uint64_t, int64_t time_us) const {
    uint32_t address, category;
    bool click;
    if (random.chance(bot_share_)) {
      const auto bot = random.below(bots_);
      address = kBotAddresses + bot;
      // Three kinds: too fast, clicks without views, and through all categories.
      const auto kind = bot % 3;
      click = kind == 1 || random.chance(0.3);
      category = kind == 2 ? random.below(6 + bot % 9) : 3;
    } else {
      // Few users do much, most do little.
      const double unit = random.unit();
      const auto user = static_cast<uint32_t>(users_ * unit * std::sqrt(std::sqrt(unit)));
      address = kUserAddresses + user;
      click = random.chance(0.12);
      category = (user * 7 + random.chance(0.3)) % 20;
    }
    out.text(click ? R"({"type":"click","ip":")" : R"({"type":"view","ip":")").address(address);
    out.text(R"(","event_time":)").number(time_us / 1'000'000);
    out.text(R"(,"url":"https://shop.example.org/c/cat)")
        .number(category)
        .text("/p/")
        .number(random.below(100'000))
        .text("\"}");
  }

 private:
  // How many times as many requests as a user a bot makes.
  static constexpr double kBotWeight = 50;
  static constexpr uint32_t kUserAddresses = 10u << 24;              // 10.0.0.0/8
  static constexpr uint32_t kBotAddresses = 172u << 24 | 20u << 16;  // 172.20.0.0/16

  uint32_t users_, bots_;
  double bot_share_;
};

}  // namespace levada::generate
