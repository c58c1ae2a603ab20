// Clicks as a web shop's log has them: seven fields, some of which are not always there.
#pragma once

#include <algorithm>

#include "records.h"

namespace levada::generate {

class ClickLog {
 public:
  static constexpr size_t kLongest = 400;
  static constexpr double kPerSecond = 30;
  static constexpr Shape kShape = Shape::json;

  explicit ClickLog(const RecordSettings& settings) : incomplete_(settings.incomplete) {}

  void write(Writer& out, Random& random, uint64_t row, int64_t time_us) const {
    // Drawn in any case: whether a row is complete must not change the rest of it.
    const bool incomplete = random.chance(incomplete_);
    const auto drawn = random.below(6);
    const uint32_t fault = incomplete ? std::min<uint32_t>(drawn, kWrongTime) : kNoFault;
    out.text(R"({"type":")").text(random.one_of(kTypes)).text("\"");
    const auto address = 172u << 24 | (16 + random.below(16)) << 16 | random.below(65536);
    if (fault != kNoIp) out.text(R"(,"ip":")").address(address).text("\"");
    const std::string_view wrong = random.one_of(kWrongTimes);
    if (fault == kWrongTime) out.text(R"(,"event_time":")").text(wrong).text("\"");
    else if (fault != kNoTime) out.text(R"(,"event_time":")").number(time_us / 1'000'000).text("\"");
    const auto host = random.one_of(kHosts), path = random.one_of(kPaths);
    const auto item = random.below(100'000), reference = random.below(1000);
    const auto query = random.next(), rest = random.next();
    if (fault != kNoUrl) {
      out.text(R"(,"url":"https://)").text(host).text("/").text(path).text("/").number(item);
      out.text("?x=").hex(query, 16).hex(rest, 16).text("&ref=").number(reference).text("\"");
    }
    out.text(R"(,"debug":"n)").padded(row % 1'000'000, 6).text("\"");
    if (random.chance(0.6)) out.text(R"(,"user_agent":")").text(random.one_of(kAgents)).text("\"");
    if (random.chance(0.2)) out.text(R"(,"user_id":)").number(random.below(1'000'000'000));
    if (random.chance(0.1)) {
      out.text(R"(,"geo":{"country":")").text(random.one_of(kCountries)).text(R"(","lat":)");
      if (random.chance(0.5)) out.text("-");
      out.number(random.below(90)).text(".").padded(random.below(10'000), 4).text("}");
    }
    out.text("}");
  }

 private:
  // What an incomplete row lacks; half of them have a time that is none.
  enum Fault : uint32_t { kNoIp, kNoTime, kNoUrl, kWrongTime, kNoFault };
  static constexpr std::string_view kTypes[] = {"click", "view", "search", "purchase", "logout"};
  static constexpr std::string_view kWrongTimes[] = {"", "abc", "-1", "15000x"};
  static constexpr std::string_view kHosts[] = {"blog.example.com", "shop.example.com", "www.example.org",
                                                "m.example.net", "api.example.io"};
  static constexpr std::string_view kPaths[] = {"items", "category", "cart", "user", "search/results"};
  static constexpr std::string_view kAgents[] = {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
                                                 "okhttp/4.9.3", "curl/7.88.1",
                                                 "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X)"};
  static constexpr std::string_view kCountries[] = {"DE", "FR", "US", "CN"};

  double incomplete_;
};

}  // namespace levada::generate
