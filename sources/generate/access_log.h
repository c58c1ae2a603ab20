// Lines of a web server's access log in the common log format, with hosts that send too
// much and surges of failures.
#pragma once

#include "records.h"

namespace levada::generate {

class AccessLog {
 public:
  static constexpr size_t kLongest = 200;
  static constexpr double kPerSecond = 140;
  static constexpr Shape kShape = Shape::quoted;

  explicit AccessLog(const RecordSettings& settings) : key_(mix(settings.seed ^ kSalt)) {}

  void write(Writer& out, Random& random, uint64_t, int64_t time_us) {
    const auto second = time_us / 1'000'000;
    enter(second / kSpanSeconds);
    // Few hosts send much, most send little.
    const double unit = random.unit();
    write_host(out, random.chance(abuse_) ? abuser_ : static_cast<uint32_t>(kHosts * unit * unit));
    out.text(" - - [").text(time_.of(second)).text("] \"").text(random.one_of(kMethods)).text(" ");
    const auto& path = random.one_of(kPaths);
    out.text(path.front);
    if (path.numbered) out.number(random.below(5000)).text(path.back);
    out.text(random.chance(0.8) ? " HTTP/1.1\" " : " HTTP/1.0\" ");
    const auto status = pick_status(random.unit());
    out.number(status).text(" ");
    const double size = random.unit();
    if (status == 304 || random.chance(0.01)) out.text("-");
    else out.number(static_cast<uint32_t>(20 + 60000 * size * size * size));
  }

 private:
  // A number comes between the two, where there is one.
  struct Path {
    std::string_view front;
    bool numbered;
    std::string_view back;
  };
  static constexpr uint64_t kSalt = 0x61636365;
  static constexpr uint32_t kHosts = 20'000;
  // Whether a host sends too much, or requests fail, is decided anew for each minute.
  static constexpr int64_t kSpanSeconds = 60;
  static constexpr std::string_view kMethods[] = {"GET", "GET", "GET", "GET", "GET",  "GET", "GET",
                                                  "GET", "GET", "GET", "GET", "GET",  "GET", "GET",
                                                  "GET", "GET", "GET", "PUT", "POST", "HEAD"};
  static constexpr Path kPaths[] = {{"/", false, ""},
                                    {"/index.html", false, ""},
                                    {"/img/logo.gif", false, ""},
                                    {"/shuttle/countdown/", false, ""},
                                    {"/api/v1/items/", true, ""},
                                    {"/search?q=", true, ""},
                                    {"/history/apollo/apollo-", true, ".html"},
                                    {"/login", false, ""},
                                    {"/static/app.", true, ".js"},
                                    {"/ksc.html", false, ""}};

  void enter(int64_t span) {
    if (span == span_) return;
    span_ = span;
    Random random(key_, static_cast<uint64_t>(span));
    abuse_ = random.chance(0.25) ? (3 + 9 * random.unit()) / kPerSecond : 0;
    abuser_ = random.below(kHosts);
    surge_ = random.chance(0.03);
  }

  int pick_status(double unit) const {
    if (surge_ && unit < 0.6) return unit < 0.4 ? 404 : 500;
    if (unit < 0.80) return 200;
    if (unit < 0.90) return 304;
    if (unit < 0.94) return 302;
    if (unit < 0.975) return 404;
    if (unit < 0.985) return 500;
    return unit < 0.995 ? 403 : 206;
  }

  // A fifth have names, one in a hundred an IPv6 address.
  static void write_host(Writer& out, uint32_t host) {
    if (host % 5 == 0) out.text("host").number(host).text(".net").number(host % 97).text(".example");
    else if (host % 101 == 1) out.text("2001:db8:").hex(host & 0xffff, 4).text("::").hex(host * 7 & 0xffff, 4);
    else out.address((10 + host % 180) << 24 | (host * 7 % 256) << 16 | (host * 13 % 256) << 8 | (1 + host % 254));
  }

  uint64_t key_;
  ClfTime time_;
  int64_t span_ = INT64_MIN;
  double abuse_ = 0;
  uint32_t abuser_ = 0;
  bool surge_ = false;
};

}  // namespace levada::generate
