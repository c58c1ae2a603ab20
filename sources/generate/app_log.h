// Lines of several applications' logs in one: log4j, a web server, syslog, and stack
// traces that follow an error.
#pragma once

#include "records.h"

namespace levada::generate {

class AppLog {
 public:
  static constexpr size_t kLongest = 320;
  static constexpr double kPerSecond = 400;
  static constexpr Shape kShape = Shape::free;

  explicit AppLog(const RecordSettings& settings) : key_(mix(settings.seed ^ kSalt)) {}

  void write(Writer& out, Random& random, uint64_t row, int64_t time_us) {
    enter(row / kBlockRows);
    const auto line = static_cast<uint32_t>(row % kBlockRows);
    if (line > error_line_ && line <= error_line_ + frames_ + 1)
      return write_trace(out, random, line == error_line_ + 1);
    const auto second = time_us / 1'000'000;
    if (line == error_line_) return write_log4j(out, random, random.chance(0.2) ? "FATAL" : "ERROR", time_us);
    const double kind = random.unit();
    if (kind < 0.55) write_log4j(out, random, level(random.below(100)), time_us);
    else if (kind < 0.80) write_request(out, random, second);
    else write_syslog(out, random, second);
  }

 private:
  static constexpr uint64_t kSalt = 0x6170706c;
  static constexpr uint32_t kBlockRows = 16;
  static constexpr uint32_t kNone = 1000;

  // A trace takes several rows: whether there is one, and where, is decided for each block of rows.
  void enter(uint64_t block) {
    if (block == block_) return;
    block_ = block;
    Random random(key_, block);
    frames_ = 1 + random.below(8);
    const auto line = random.below(kBlockRows - frames_ - 1);
    error_line_ = random.chance(0.2) ? line : kNone;
  }

  static std::string_view level(uint32_t percent) {
    if (percent < 70) return "INFO ";
    if (percent < 85) return "DEBUG";
    if (percent < 94) return "WARN ";
    return percent < 99 ? "ERROR" : "FATAL";
  }

  static void write_trace(Writer& out, Random& random, bool first) {
    if (first) {
      out.text(random.one_of(kExceptions)).text(": operation failed on shard ").number(random.below(64));
      return;
    }
    const auto type = random.below(99);
    out.text("\tat com.shop.pkg")
        .number(random.below(20))
        .text(".Class")
        .number(type)
        .text(".method")
        .number(random.below(30));
    out.text("(Class").number(type).text(".java:").number(random.below(900)).text(")");
  }

  void write_log4j(Writer& out, Random& random, std::string_view level, int64_t time_us) {
    out.text(iso_time_.of(time_us / 1'000'000)).text(",").padded(time_us / 1000 % 1000, 3).text(" ").text(level);
    out.text(" [worker-").number(random.below(16)).text("] ").text(random.one_of(kClasses)).text(" - ");
    switch (random.below(6)) {
      case 0:
        out.text("user_id=").number(random.below(90'000)).text(" session=");
        write_uuid(out, random);
        out.text(" login from ").address(any_address(random));
        break;
      case 1:
        out.text("request_id=");
        write_uuid(out, random);
        out.text(" GET /api/v1/items/")
            .number(random.below(9999))
            .text(" took ")
            .number(random.below(2500))
            .text(" ms");
        break;
      case 2:
        out.text("Fetched ").number(random.below(500)).text(" records from partition orders-").number(random.below(32));
        out.text(" at offset ").number(random.below(1u << 31));
        break;
      case 3:
        out.text("cache miss key=cart:")
            .number(random.below(90'000))
            .text("; loading from replica db-")
            .number(random.below(8));
        out.text(".internal in ").number(random.below(90)).text(".").number(random.below(10)).text("ms");
        break;
      case 4:
        if (random.chance(0.2)) {
          out.text("connection to ").address(any_address(random)).text(":").number(1024 + random.below(60'000));
          out.text(" timed out after ")
              .number(1000 * random.below(30))
              .text(" ms (attempt ")
              .number(random.below(5))
              .text(")");
        } else {
          out.text("heartbeat ok, queue depth ").number(random.below(1000)).text(", lag ").number(random.below(100));
        }
        break;
      default:
        out.text("sent mail to user").number(random.below(90'000)).text("@example").number(random.below(9));
        out.text(".com about order ").number(random.below(1u << 30));
    }
  }

  void write_request(Writer& out, Random& random, int64_t second) {
    out.address(any_address(random))
        .text(" - - [")
        .text(clf_time_.of(second))
        .text("] \"GET /p/")
        .number(random.below(99'999));
    out.text("?sessionid=")
        .hex(random.next() >> 24, 10)
        .text(" HTTP/1.1\" ")
        .number(random.one_of(kStatuses))
        .text(" ");
    out.number(random.below(60'000)).text(R"( "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36")");
  }

  void write_syslog(Writer& out, Random& random, int64_t second) {
    out.text(syslog_time_.of(second)).text(" node").padded(random.below(40), 2).text(" ");
    switch (random.below(5)) {
      case 0:
        out.text("sshd[").number(random.below(32'768)).text("]: Failed password for invalid user admin from ");
        out.address(any_address(random)).text(" port ").number(random.below(65'536)).text(" ssh2");
        break;
      case 1:
        out.text("sshd[").number(random.below(32'768)).text("]: pam_unix(sshd:auth): authentication failure; ");
        out.text("logname= uid=0 euid=0 tty=ssh ruser= rhost=").address(any_address(random));
        break;
      case 2:
        out.text("kernel: [").number(random.below(99'999)).text(".").padded(random.below(999'999), 6);
        out.text("] eth0: link up, 1000Mbps, full-duplex");
        break;
      case 3: out.text("CRON[").number(random.below(32'768)).text("]: (root) CMD (run-parts /etc/cron.hourly)"); break;
      default:
        out.text("systemd[1]: Started Session ")
            .number(random.below(9999))
            .text(" of user app")
            .number(random.below(20))
            .text(".");
    }
  }

  static uint32_t any_address(Random& random) {
    return (1 + random.below(223)) << 24 | random.below(65'536) << 8 | (1 + random.below(254));
  }
  static void write_uuid(Writer& out, Random& random) {
    const auto high = random.next(), low = random.next();
    out.hex(high >> 32, 8).text("-").hex(high >> 16 & 0xffff, 4).text("-4").hex(high & 0xfff, 3).text("-a");
    out.hex(low >> 48 & 0xfff, 3).text("-").hex(low & 0xffffffffffff, 12);
  }
  static void write_iso_time(Writer& out, int64_t second) {
    const auto t = civil_time(second);
    out.padded(t.year, 4).text("-").padded(t.month, 2).text("-").padded(t.day, 2).text(" ");
    out.padded(t.hour, 2).text(":").padded(t.minute, 2).text(":").padded(t.second, 2);
  }
  static void write_syslog_time(Writer& out, int64_t second) {
    const auto t = civil_time(second);
    out.text(month_name(t.month)).text(t.day < 10 ? "  " : " ").number(t.day).text(" ");
    out.padded(t.hour, 2).text(":").padded(t.minute, 2).text(":").padded(t.second, 2);
  }

  static constexpr std::string_view kClasses[] = {"o.a.web.Dispatcher", "com.shop.cart.CartService",
                                                  "com.shop.auth.LoginFilter", "kafka.consumer.Fetcher",
                                                  "db.pool.HikariPool"};
  static constexpr std::string_view kExceptions[] = {"java.lang.NullPointerException",
                                                     "java.net.SocketTimeoutException", "java.lang.OutOfMemoryError",
                                                     "org.postgresql.util.PSQLException"};
  static constexpr int kStatuses[] = {200, 200, 200, 200, 304, 404, 500, 503};

  uint64_t key_;
  uint64_t block_ = UINT64_MAX;
  uint32_t error_line_ = kNone, frames_ = 0;
  SecondText<32, write_iso_time> iso_time_;
  SecondText<32, write_syslog_time> syslog_time_;
  ClfTime clf_time_;
};

}  // namespace levada::generate
