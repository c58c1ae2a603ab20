// What tests/bench/detectors.py measures levada against: one job in one program, written by hand
// for its input and nothing else.
//
//   detectors_reference limit access.log       runs of requests with 100 more in the 60 s before
//   detectors_reference bots events.ndjson     bots: more than 20 requests in 10 s, 30 clicks more
//                                              than views or 5 categories in 600 s
//
// Keys are 64-bit fingerprints. Lines are taken in groups: the places of all keys of a group are
// fetched into the cache first.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::string_view map_file(const char* path) {
  const int file = open(path, O_RDONLY);
  struct stat status{};
  if (file < 0 || fstat(file, &status) != 0) return {};
  void* data = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  return {static_cast<const char*>(data), static_cast<size_t>(status.st_size)};
}

uint64_t fingerprint(std::string_view text) {
  uint64_t hash = text.size();
  const auto add = [&](uint64_t word) {
    const auto product = static_cast<unsigned __int128>(hash ^ word ^ 0xa0761d6478bd642f) * 0xe7037ed1a0b428db;
    hash = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  while (text.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, text.data(), 8);
    add(word);
    text.remove_prefix(8);
  }
  uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  add(word);
  return hash | 1;
}

// A place for each fingerprint, and behind it what the job keeps.
template <class State>
class Table {
 public:
  explicit Table(size_t room) : keys_(room), states_(room) {}
  void prefetch(uint64_t key) const {
    __builtin_prefetch(&keys_[key & (keys_.size() - 1)]);
    __builtin_prefetch(&states_[key & (keys_.size() - 1)]);
  }
  State& find(uint64_t key, std::string_view name) {
    size_t at = key & (keys_.size() - 1);
    while (keys_[at] != 0 && keys_[at] != key) at = (at + 1) & (keys_.size() - 1);
    if (keys_[at] == 0) states_[at].name = name;
    keys_[at] = key;
    return states_[at];
  }
  template <class Each>
  void each(Each each) {
    for (size_t at = 0; at < keys_.size(); ++at)
      if (keys_[at] != 0) each(states_[at]);
  }

 private:
  std::vector<uint64_t> keys_;
  std::vector<State> states_;
};

struct Line {
  std::string_view key;
  uint64_t fingerprint;
  int64_t time;
  bool click;
  uint32_t category;
};

// Calls see(line) for the lines that parse(text, line) takes, with their places fetched ahead.
template <class State, class Parse, class See>
void each_line(std::string_view text, Table<State>& table, Parse parse, See see) {
  constexpr size_t kGroup = 64;
  Line lines[kGroup];
  while (!text.empty()) {
    size_t count = 0;
    while (count < kGroup && !text.empty()) {
      const auto* end = static_cast<const char*>(memchr(text.data(), '\n', text.size()));
      const size_t size = end ? static_cast<size_t>(end - text.data()) : text.size();
      if (parse(text.substr(0, size), lines[count])) {
        lines[count].fingerprint = fingerprint(lines[count].key);
        table.prefetch(lines[count++].fingerprint);
      }
      text.remove_prefix(std::min(size + 1, text.size()));
    }
    for (size_t at = 0; at < count; ++at) see(lines[at]);
  }
}

// Seconds since 1970 of "01/Jun/2026:00:00:00 +0000".
int64_t parse_time(const char* text) {
  const auto two = [&](int at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  static char known[11];
  static int64_t day = 0;
  if (std::memcmp(known, text, sizeof known) != 0) {
    std::memcpy(known, text, sizeof known);
    const std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto month = static_cast<int64_t>(months.find({text + 3, 3})) / 3 + 1;
    int64_t year = two(7) * 100 + two(9) - (month <= 2);
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + two(0) - 1;
    const int64_t era = year / 400, of_era = year % 400;
    day = era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
  }
  const int64_t zone = (two(22) * 60 + two(24)) * 60 * (text[21] == '-' ? -1 : 1);
  return day * 86'400 + two(12) * 3600 + two(15) * 60 + two(18) - zone;
}

struct Host {
  std::string_view name;
  std::vector<int32_t> times;
  uint32_t next = 0, count = 0;
  int64_t first = 0, last = 0;
};

void limit(std::string_view text) {
  constexpr uint32_t kLimit = 100;
  Table<Host> hosts(size_t{1} << 16);
  const auto tell = [](Host& host) {
    std::printf("%.*s,%lld,%lld,%u\n", static_cast<int>(host.name.size()), host.name.data(),
                static_cast<long long>(host.first), static_cast<long long>(host.last), host.count);
    host.count = 0;
  };
  const auto parse = [](std::string_view line, Line& to) {
    const auto space = line.find(' ');
    const auto bracket = line.find('[', space);
    if (bracket == line.npos || bracket + 29 > line.size() || line[bracket + 27] != ']') return false;
    size_t at = bracket + 30;
    for (; at < line.size() && line[at] != '"'; ++at) at += line[at] == '\\';
    if (at + 4 >= line.size() || line[at + 1] != ' ' || line[at + 5] != ' ') return false;
    to.key = line.substr(0, space);
    to.time = parse_time(line.data() + bracket + 1);
    return true;
  };
  each_line(text, hosts, parse, [&](const Line& line) {
    Host& host = hosts.find(line.fingerprint, line.key);
    bool blocked = false;
    if (host.times.size() < kLimit) {
      host.times.push_back(static_cast<int32_t>(line.time));
    } else {
      auto& oldest = host.times[host.next];
      blocked = line.time - oldest < 60;
      oldest = static_cast<int32_t>(line.time);
      host.next = host.next + 1 == kLimit ? 0 : host.next + 1;
    }
    if (!blocked && host.count > 0) tell(host);
    if (!blocked) return;
    if (host.count++ == 0) host.first = line.time;
    host.last = line.time;
  });
  hosts.each([&](Host& host) {
    if (host.count > 0) tell(host);
  });
}

struct Event {
  int32_t time;
  uint32_t category : 31, click : 1;
};
struct Visitor {
  std::string_view name;
  std::vector<Event> ring;
  uint32_t first = 0, size = 0, recent = 0;
  int32_t difference = 0;
  std::vector<std::pair<uint32_t, uint32_t>> categories;
  int64_t since = 0, until = -1;
  int why = 0;
};

void bots(std::string_view text) {
  Table<Visitor> visitors(size_t{1} << 17);
  const auto tell = [](const Visitor& bot) {
    std::string why;
    for (const auto& [bit, name] : {std::pair(1, "rate"), {2, "clicks"}, {4, "categories"}})
      if (bot.why & bit) why += (why.empty() ? "" : "+") + std::string(name);
    std::printf("%.*s,%lld,%lld,%s\n", static_cast<int>(bot.name.size()), bot.name.data(),
                static_cast<long long>(bot.since), static_cast<long long>(bot.until), why.c_str());
  };
  const auto parse = [](std::string_view line, Line& to) {
    constexpr std::string_view kType = "{\"type\":\"", kIp = "\",\"ip\":\"",
                               kTime = "\",\"event_time\":", kUrl = ",\"url\":\"";
    if (line.size() < 60 || line.back() != '}' || line[line.size() - 2] != '"') return false;
    const auto type_end = line.find('"', kType.size());
    to.click = line[kType.size()] == 'c';
    const auto ip = type_end + kIp.size(), ip_end = line.find('"', ip);
    to.key = line.substr(ip, ip_end - ip);
    size_t at = ip_end + kTime.size();
    for (to.time = 0; line[at] >= '0' && line[at] <= '9'; ++at) to.time = to.time * 10 + line[at] - '0';
    if (line.substr(at, kUrl.size()) != kUrl) return false;
    const auto category = line.find("/c/", at) + 3, end = line.find('/', category);
    to.category = static_cast<uint32_t>(fingerprint(line.substr(category, end - category)) >> 33);
    return true;
  };
  each_line(text, visitors, parse, [&](const Line& line) {
    Visitor& visitor = visitors.find(line.fingerprint, line.key);
    const auto time = static_cast<int32_t>(line.time);
    const auto at = [&](uint32_t number) -> Event& {
      return visitor.ring[(visitor.first + number) & (visitor.ring.size() - 1)];
    };
    while (visitor.size > 0 && time - at(0).time >= 600) {
      const Event old = at(0);
      visitor.difference -= old.click ? 1 : -1;
      const auto counted = std::find_if(visitor.categories.begin(), visitor.categories.end(),
                                        [&](const auto& each) { return each.first == old.category; });
      if (--counted->second == 0) {
        *counted = visitor.categories.back();
        visitor.categories.pop_back();
      }
      visitor.first = (visitor.first + 1) & static_cast<uint32_t>(visitor.ring.size() - 1);
      --visitor.size;
      visitor.recent = std::min(visitor.recent, visitor.size);
    }
    if (visitor.size == visitor.ring.size()) {
      std::vector<Event> grown(std::max<size_t>(4, 2 * visitor.ring.size()));
      for (uint32_t number = 0; number < visitor.size; ++number) grown[number] = at(number);
      visitor.ring = std::move(grown);
      visitor.first = 0;
    }
    ++visitor.size;
    at(visitor.size - 1) = {time, line.category, line.click};
    visitor.difference += line.click ? 1 : -1;
    const auto counted = std::find_if(visitor.categories.begin(), visitor.categories.end(),
                                      [&](const auto& each) { return each.first == line.category; });
    if (counted == visitor.categories.end()) visitor.categories.emplace_back(line.category, 1);
    else ++counted->second;
    ++visitor.recent;
    while (time - at(visitor.size - visitor.recent).time >= 10) --visitor.recent;
    const int why =
        (visitor.recent > 20 ? 1 : 0) | (visitor.difference > 30 ? 2 : 0) | (visitor.categories.size() > 5 ? 4 : 0);
    if (why == 0) return;
    if (time > visitor.until) {
      if (visitor.why != 0) tell(visitor);
      visitor.since = time;
      visitor.why = 0;
    }
    visitor.why |= why;
    visitor.until = time + 600;
  });
  visitors.each([&](const Visitor& visitor) {
    if (visitor.why != 0) tell(visitor);
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 1;
  const auto text = map_file(arguments[2]);
  std::string_view(arguments[1]) == "limit" ? limit(text) : bots(text);
}
