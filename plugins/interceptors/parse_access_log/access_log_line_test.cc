// Lines of access logs, those that match and those that do not, and random ones beside a regular
// expression.
#include "access_log_line.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace levada::parse_access_log {
namespace {

constexpr const char* kLine =
    R"l(10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?b=c HTTP/1.0" 200 2326 "http://x/" "Mozilla (X; Y)")l";

// Reads from memory that ends where the line ends, so that a sanitizer sees a step beyond it.
struct Read {
  explicit Read(std::string_view line, WantedParts wanted = {true, false})
      : text(std::make_unique<char[]>(line.size())) {
    std::copy(line.begin(), line.end(), text.get());
    matches = LineReader(wanted).read({text.get(), line.size()}, parts, fault);
  }
  std::unique_ptr<char[]> text;
  AccessLogLine parts;
  Fault fault;
  bool matches;
};

std::string fault_of(std::string_view line, WantedParts wanted = {true, false}) {
  const Read read(line, wanted);
  return read.matches ? "matches" : std::to_string(read.fault.offset) + ": " + read.fault.reason;
}

// The line with the first `part` of it replaced.
std::string with(std::string_view part, std::string_view other) {
  std::string line = kLine;
  return line.replace(line.find(part), part.size(), other);
}

TEST(AccessLogLine, is_taken_apart) {
  const Read read(kLine, {true, true});
  ASSERT_TRUE(read.matches) << read.fault.reason;
  EXPECT_EQ(read.parts.host, "10.0.0.1");
  EXPECT_EQ(read.parts.ident, "-");
  EXPECT_EQ(read.parts.user, "frank");
  EXPECT_EQ(read.parts.microseconds, 971211336'000'000);
  EXPECT_EQ(read.parts.request, "GET /a.gif?b=c HTTP/1.0");
  EXPECT_EQ(read.parts.method, "GET");
  EXPECT_EQ(read.parts.path, "/a.gif?b=c");
  EXPECT_EQ(read.parts.protocol, "HTTP/1.0");
  EXPECT_EQ(read.parts.status, 200);
  EXPECT_EQ(read.parts.bytes, 2326);
  EXPECT_EQ(read.parts.referer, "http://x/");
  EXPECT_EQ(read.parts.user_agent, "Mozilla (X; Y)");
}

TEST(AccessLogLine, may_have_hosts_of_all_kinds) {
  for (const char* host : {"2001:db8::1", "host7.net3.example", "-", "::1", "[::1]", "\xc3\xbc.example"})
    EXPECT_EQ(Read(with("10.0.0.1", host)).parts.host, host);
}

TEST(AccessLogLine, has_no_bytes_where_a_dash_stands) {
  EXPECT_EQ(Read(with("2326", "-")).parts.bytes, 0);
  EXPECT_EQ(Read(with("2326", "0")).parts.bytes, 0);
  EXPECT_EQ(Read(with("2326", "9223372036854775807")).parts.bytes, INT64_MAX);
  EXPECT_EQ(Read(R"(h - - [2004-05-18 05:58:48] "" 200 -)").parts.bytes, 0);
}

TEST(AccessLogLine, may_have_escaped_quotes_in_its_request) {
  EXPECT_EQ(Read(with("GET /a.gif?b=c HTTP/1.0", R"(GET /\"x\" HTTP/1.0)")).parts.path, R"(/\"x\")");
  EXPECT_EQ(Read(with("GET /a.gif?b=c HTTP/1.0", R"(\\)")).parts.request, R"(\\)");
  EXPECT_EQ(Read(with("GET /a.gif?b=c HTTP/1.0", R"(\x16\x03\x01)")).parts.request, R"(\x16\x03\x01)");
  EXPECT_EQ(Read(with("Mozilla (X; Y)", R"(a \"b\" c)"), {true, true}).parts.user_agent, R"(a \"b\" c)");
}

TEST(AccessLogLine, has_no_parts_of_a_request_that_is_none) {
  for (const char* request : {"-", "", "GET", "GET ", " /x", R"(\x16\x03 \x01)", "G/T /x"}) {
    const Read read(with("GET /a.gif?b=c HTTP/1.0", request));
    ASSERT_TRUE(read.matches);
    EXPECT_EQ(read.parts.request, request);
    EXPECT_EQ(read.parts.method.data(), nullptr) << request;
    EXPECT_EQ(read.parts.path.data(), nullptr) << request;
    EXPECT_EQ(read.parts.protocol.data(), nullptr) << request;
  }
  const Read old(with("GET /a.gif?b=c HTTP/1.0", "GET /x"));
  EXPECT_EQ(old.parts.path, "/x");
  EXPECT_EQ(old.parts.protocol.data(), nullptr);
  const Read spaces(with("GET /a.gif?b=c HTTP/1.0", "GET /a b c HTTP/1.1"));
  EXPECT_EQ(spaces.parts.path, "/a b c");
  EXPECT_EQ(spaces.parts.protocol, "HTTP/1.1");
  const Read other(with("GET /a.gif?b=c HTTP/1.0", "GET /a b"));
  EXPECT_EQ(other.parts.path, "/a b");
}

TEST(AccessLogLine, may_end_in_a_carriage_return) {
  EXPECT_TRUE(Read("h - - [2004-05-18 05:58:48] \"GET / HTTP/1.0\" 500 14101\r").matches);
}

TEST(AccessLogLine, says_where_it_does_not_match) {
  EXPECT_EQ(fault_of(""), "0: expected a host, and a space behind it");
  EXPECT_EQ(fault_of("10.0.0.1"), "0: expected a host, and a space behind it");
  EXPECT_EQ(fault_of(" - - ["), "0: expected a host, and a space behind it");
  EXPECT_EQ(fault_of("h  - ["), "2: expected an identity or -, and a space behind it");
  EXPECT_EQ(fault_of("h - -"), "4: expected a user or -, and a space behind it");
  EXPECT_EQ(fault_of(with("frank", "john smith")), "16: expected [ and a time");
  EXPECT_EQ(fault_of(with("] ", " ")), "18: the time has no closing bracket");
  EXPECT_EQ(fault_of(with("Oct", "Okt")), "18: expected a time as 10/Oct/2000:13:55:36 -0700 or 2004-05-18 05:58:48");
  EXPECT_EQ(fault_of(with("] \"", "]\"")), "45: expected a space, a quote and the request");
  EXPECT_EQ(fault_of(R"(h - - [2004-05-18 05:58:48] "GET /broken HTTP/1.0 200)"),
            "29: the request has no closing quote");
  EXPECT_EQ(fault_of(R"(h - - [2004-05-18 05:58:48] "GET \" 200 1\)"), "29: the request has no closing quote");
  for (const char* status : {"20", "abc", "20x", "-", ""})
    EXPECT_EQ(fault_of(with(" 200", std::string(" ") + status)), "72: expected a space and a status of three digits")
        << status;
  EXPECT_EQ(fault_of(with(" 200", " 2000")), "75: expected a space and the bytes sent, a number of 64 bits or -");
  for (const char* bytes : {"x", "-5", "+5", "12x", "9223372036854775808", "1.5", "\"x\""})
    EXPECT_EQ(fault_of(with("2326", bytes)), "76: expected a space and the bytes sent, a number of 64 bits or -")
        << bytes;
  EXPECT_EQ(fault_of(with("frank", "fr\xff")), "0: the line is not UTF-8");
}

TEST(AccessLogLine, must_be_combined_where_that_is_wanted) {
  const WantedParts combined = {true, true};
  EXPECT_EQ(fault_of(R"(h - - [2004-05-18 05:58:48] "GET / HTTP/1.0" 500 14101)", combined),
            "54: expected a space, a quote and the referer");
  EXPECT_EQ(fault_of(with("\"http://x/\"", "\"http://x/"), combined),
            "93: expected a space, a quote and the user agent");
  EXPECT_EQ(fault_of(with(" \"Mozilla (X; Y)\"", ""), combined), "92: expected a space, a quote and the user agent");
  EXPECT_EQ(fault_of(with("Y)\"", "Y)"), combined), "94: the user agent has no closing quote");
  EXPECT_TRUE(Read(std::string(kLine) + " and more", combined).matches);
}

TEST(AccessLogLine, of_any_length_and_cut_anywhere_is_read_within_its_bounds) {
  const std::string line = kLine;
  for (size_t size = 0; size <= line.size(); ++size) {
    const Read read(std::string_view(line).substr(0, size), {true, true});
    EXPECT_EQ(read.matches, size == line.size()) << size;
  }
  EXPECT_TRUE(Read(with("/a.gif", "/" + std::string(100'000, 'a'))).matches);
}

TEST(AccessLogLine, that_was_changed_at_random_matches_where_a_regular_expression_does) {
  const RE2 expression(R"re(([^ ]+) ([^ ]+) ([^ ]+) \[(\d\d/Oct/20\d\d:1\d:[0-5]\d:[0-5]\d [+-][01]\d[0-5]\d)\] )re"
                       R"re("((?:[^"\\]|\\.)*)" (\d{3}) (\d{1,18}|-)(?: .*)?)re");
  const std::vector<std::string> pieces = {"\"", "\\", " ", "-", "[", "]", "7", "x", "\\\"", "  ", "/", ":", "\\\\"};
  std::mt19937 random(7);
  const auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
  int matched = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string line = kLine;
    for (size_t change = below(4); change > 0; --change) {
      // Not in the time, whose calendar an expression does not know.
      size_t at = below(line.size());
      if (at >= 17 && at < 46) at = 46 + below(line.size() - 46);
      line.replace(at, below(2), pieces[below(pieces.size())]);
    }
    std::string host, ident, user, time, request, bytes;
    int64_t status = 0;
    const bool matches = RE2::FullMatch(line, expression, &host, &ident, &user, &time, &request, &status, &bytes);
    const Read read(line);
    ASSERT_EQ(read.matches, matches) << line;
    if (!matches) continue;
    ++matched;
    EXPECT_EQ(read.parts.host, host) << line;
    EXPECT_EQ(read.parts.ident, ident) << line;
    EXPECT_EQ(read.parts.user, user) << line;
    EXPECT_EQ(read.parts.request, request) << line;
    EXPECT_EQ(read.parts.status, status) << line;
    EXPECT_EQ(read.parts.bytes, bytes == "-" ? 0 : std::stoll(bytes)) << line;
  }
  EXPECT_GT(matched, 4'000);
  EXPECT_LT(matched, 16'000);
}

}  // namespace
}  // namespace levada::parse_access_log
