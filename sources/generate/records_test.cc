// What the generated rows hold, read by parsers that know nothing of how they were made.
#include "records.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <regex>
#include <set>

namespace levada::generate {
namespace {

RecordSettings settings() {
  RecordSettings all;
  all.seed = 1;
  all.bots = 10;
  all.users = 1000;
  all.start_us = 1'780'272'000'000'000;
  return all;
}

std::vector<std::string> rows(Record record, uint64_t count, const RecordSettings& with = settings(),
                              uint64_t* broken = nullptr) {
  const auto records = make_records(record, with);
  std::vector<char> memory(count * records->longest());
  std::vector<char*> ends;
  const auto damaged = records->write(0, count, memory.data(), ends);
  if (broken) *broken = damaged;
  std::vector<std::string> all;
  const char* begin = memory.data();
  for (char* end : ends) {
    all.emplace_back(begin, static_cast<size_t>(end - begin));
    EXPECT_LE(all.back().size(), records->longest());
    begin = end;
  }
  return all;
}

bool is_json(const std::string& text, simdjson::dom::parser& parser) {
  return parser.parse(text).error() == simdjson::SUCCESS;
}

TEST(Records, stay_as_they_are_from_release_to_release) {
  EXPECT_EQ(
      rows(Record::bot_events, 1)[0],
      R"({"type":"click","ip":"172.20.0.0","event_time":1780272000,"url":"https://shop.example.org/c/cat3/p/56628"})");
  EXPECT_EQ(rows(Record::access_log, 1)[0],
            R"(59.203.121.40 - - [01/Jun/2026:00:00:00 +0000] "GET /search?q=3457 HTTP/1.1" 404 -)");
  EXPECT_EQ(
      rows(Record::ad_views, 1)[0],
      R"({"view_id":"00000000-0000-4000","start_timestamp":1780271999884,"end_timestamp":1780272000000,"banner_id":566,"campaign_id":2})");
  EXPECT_EQ(
      rows(Record::app_log, 1)[0],
      R"(2026-06-01 00:00:00,000 INFO  [worker-4] com.shop.auth.LoginFilter - heartbeat ok, queue depth 212, lag 40)");
  EXPECT_EQ(
      rows(Record::click_log, 1)[0],
      R"({"type":"view","ip":"172.25.177.2","event_time":"1780272000","url":"https://shop.example.com/cart/621?x=)"
      R"_(7e6f11ad1549396a5b9db1ecf745ef8e&ref=250","debug":"n000000","user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS )_"
      R"_(16_5 like Mac OS X)","user_id":870033599})_");
}

TEST(BotEvents, are_objects_with_four_fields_in_order_of_time) {
  simdjson::dom::parser parser;
  int64_t last = 0;
  for (const auto& row : rows(Record::bot_events, 20'000)) {
    const auto event = parser.parse(row);
    ASSERT_EQ(event.get_object().size(), 4u) << row;
    const std::string_view type = event["type"];
    EXPECT_TRUE(type == "click" || type == "view");
    EXPECT_TRUE(event["ip"].is_string());
    EXPECT_TRUE(std::string_view(event["url"]).starts_with("https://shop.example.org/c/cat"));
    const int64_t time = event["event_time"];
    EXPECT_GE(time, last);
    last = time;
  }
  EXPECT_EQ(last, 1'780'272'000 + 19'999 / 280);
}

TEST(BotEvents, come_from_as_many_bots_and_users_as_asked_for_and_take_the_time_asked_for) {
  auto with = settings();
  with.bots = 3;
  with.users = 40;
  with.rows_per_second = 5000 / 60.0;
  simdjson::dom::parser parser;
  std::map<std::string, int, std::less<>> requests;
  int64_t last = 0;
  for (const auto& row : rows(Record::bot_events, 5000, with)) {
    const auto event = parser.parse(row);
    ++requests[std::string(std::string_view(event["ip"]))];
    last = event["event_time"];
  }
  EXPECT_EQ(last, 1'780'272'059);
  const auto bots = std::distance(requests.lower_bound("172.20."), requests.lower_bound("172.21."));
  EXPECT_EQ(bots, 3);
  EXPECT_EQ(static_cast<long>(requests.size()) - bots, 40);
  for (const auto& [ip, count] : requests) {
    if (ip.starts_with("172.20.")) {
      EXPECT_GT(count, 1000) << ip;
    } else {
      EXPECT_LT(count, 200) << ip;
    }
  }
}

TEST(AccessLog, lines_are_in_the_common_log_format) {
  const std::regex line(
      R"re([0-9a-z.:]+ - - \[\d\d/Jun/2026:\d\d:\d\d:\d\d \+0000\] "(GET|PUT|POST|HEAD) /\S* HTTP/1\.[01]" \d{3} (\d+|-))re");
  const auto lines = rows(Record::access_log, 20'000);
  for (const auto& each : lines) ASSERT_TRUE(std::regex_match(each, line)) << each;
  EXPECT_NE(lines[0].find("[01/Jun/2026:00:00:00 +0000]"), std::string::npos);
  EXPECT_NE(lines.back().find("[01/Jun/2026:00:02:22 +0000]"), std::string::npos);
}

TEST(AccessLog, has_minutes_in_which_most_requests_fail) {
  std::map<std::string, std::pair<int, int>> minutes;
  for (const auto& line : rows(Record::access_log, 500'000)) {
    auto& [failed, all] = minutes[line.substr(line.find('['), 18)];
    const auto status = line.substr(line.rfind("\" ") + 2, 3);
    failed += status == "404" || status == "500";
    ++all;
  }
  const auto surges = std::count_if(minutes.begin(), minutes.end(),
                                    [](const auto& minute) { return minute.second.first * 2 > minute.second.second; });
  EXPECT_GE(surges, 1);
  EXPECT_LT(surges, static_cast<long>(minutes.size()) / 10);
}

TEST(AdViews, end_in_order_and_start_up_to_a_minute_before) {
  simdjson::dom::parser parser;
  int64_t last = 0;
  std::set<std::string> ids;
  int unknown = 0;
  for (const auto& row : rows(Record::ad_views, 20'000)) {
    const auto view = parser.parse(row);
    ASSERT_EQ(view.get_object().size(), 5u) << row;
    const int64_t start = view["start_timestamp"], end = view["end_timestamp"];
    EXPECT_GE(end, last);
    EXPECT_GE(end - start, 100);
    EXPECT_LE(end - start, 60'000);
    last = end;
    ids.emplace(std::string_view(view["view_id"]));
    EXPECT_LT(int64_t(view["banner_id"]), 1000);
    unknown += int64_t(view["campaign_id"]) >= 100;
  }
  EXPECT_EQ(ids.size(), 20'000u);
  EXPECT_GT(unknown, 0);
  EXPECT_LT(unknown, 300);
}

TEST(AppLog, mixes_formats_and_lets_traces_follow_an_error) {
  const auto lines = rows(Record::app_log, 20'000);
  const std::regex log4j(R"re(2026-06-01 00:00:\d\d,\d{3} (INFO |DEBUG|WARN |ERROR|FATAL) \[worker-\d+\] \S+ - .+)re");
  const std::regex request(
      R"re([\d.]+ - - \[01/Jun/2026:00:00:\d\d \+0000\] "GET /p/\d+\?sessionid=\w+ HTTP/1.1" \d+ \d+ "-" ".*")re");
  const std::regex syslog(R"re(Jun  1 00:00:\d\d node\d\d \S+: .+)re");
  const std::regex exception(R"re(\S+: operation failed on shard \d+)re"), frame(R"re(\tat \S+\(\w+\.java:\d+\))re");
  std::map<std::string, int> kinds;
  std::string before;
  for (const auto& line : lines) {
    std::string kind = std::regex_match(line, frame)       ? "frame"
                       : std::regex_match(line, exception) ? "exception"
                       : std::regex_match(line, log4j)     ? "log4j"
                       : std::regex_match(line, request)   ? "request"
                       : std::regex_match(line, syslog)    ? "syslog"
                                                           : line;
    if (kind == "frame") {
      EXPECT_TRUE(before == "exception" || before == "frame") << line;
    }
    if (kind == "exception") {
      EXPECT_EQ(before, "error") << line;
    }
    ++kinds[kind];
    const bool error = kind == "log4j" && (line.substr(24, 5) == "ERROR" || line.substr(24, 5) == "FATAL");
    before = error ? "error" : kind;
  }
  EXPECT_EQ(kinds.size(), 5u) << kinds.rbegin()->first;
  for (const auto& [kind, count] : kinds) EXPECT_GT(count, 100) << kind;
}

TEST(ClickLog, lacks_fields_in_as_many_rows_as_asked_for) {
  auto with = settings();
  with.incomplete = 0.2;
  simdjson::dom::parser parser;
  int incomplete = 0;
  for (const auto& row : rows(Record::click_log, 20'000, with)) {
    const auto click = parser.parse(row);
    ASSERT_EQ(click.error(), simdjson::SUCCESS) << row;
    std::string_view time;
    const bool whole = click["ip"].is_string() && click["url"].is_string() &&
                       click["event_time"].get(time) == simdjson::SUCCESS && !time.empty() &&
                       time.find_first_not_of("0123456789") == std::string_view::npos;
    incomplete += !whole;
  }
  EXPECT_NEAR(incomplete, 4000, 300);
}

TEST(Records, are_broken_as_often_as_asked_for_and_the_others_stay_as_they_are) {
  for (const auto record : {Record::bot_events, Record::ad_views, Record::click_log}) {
    auto with = settings();
    const auto whole = rows(record, 20'000, with);
    with.broken = 0.05;
    uint64_t broken = 0;
    const auto some = rows(record, 20'000, with, &broken);
    EXPECT_NEAR(static_cast<double>(broken), 1000, 150);
    simdjson::dom::parser parser;
    uint64_t invalid = 0;
    for (size_t at = 0; at < whole.size(); ++at) {
      ASSERT_TRUE(is_json(whole[at], parser)) << whole[at];
      if (is_json(some[at], parser)) {
        EXPECT_EQ(some[at], whole[at]);
      } else {
        ++invalid;
      }
    }
    EXPECT_EQ(invalid, broken);
  }
}

TEST(AccessLog, loses_the_closing_quote_of_a_broken_line) {
  auto with = settings();
  with.broken = 1;
  for (const auto& line : rows(Record::access_log, 100, with))
    EXPECT_EQ(std::count(line.begin(), line.end(), '"'), 1) << line;
}

TEST(Records, of_one_array_are_one_array) {
  for (const uint64_t count : {uint64_t{1}, uint64_t{2}, uint64_t{1000}}) {
    auto with = settings();
    with.array = true;
    with.rows = count;
    std::string whole;
    for (const auto& row : rows(Record::click_log, count, with)) whole += row + "\n";
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(whole).get_array().size(), count);
  }
}

}  // namespace
}  // namespace levada::generate
