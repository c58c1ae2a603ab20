// What tests/bench/analytics.py measures levada against: one job in one program, written by hand
// for its input and nothing else.
//
//   analytics_reference report views.ndjson campaigns.csv
//     each network, minute and campaign: views and mean duration; lines are read by simdjson
//   analytics_reference unchecked_report views.ndjson campaigns.csv
//     the same by a search for the members' names, which takes anything for JSON
//   analytics_reference hosts access.log
//     each 10 s: hosts with more than 100 requests in 60 s
#include <fcntl.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

// So many bytes behind it may be read.
constexpr size_t kReadable = simdjson::SIMDJSON_PADDING;

std::string_view map_file(const char* path) {
  const int file = open(path, O_RDONLY);
  struct stat status{};
  if (file < 0 || fstat(file, &status) != 0) return {};
  const auto size = static_cast<size_t>(status.st_size);
  void* place = mmap(nullptr, size + kReadable, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* data = mmap(place, size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, file, 0);
  return {static_cast<const char*>(data), size};
}

template <class Line>
void each_line(std::string_view text, Line line) {
  while (!text.empty()) {
    const auto* end = static_cast<const char*>(memchr(text.data(), '\n', text.size()));
    const size_t size = end ? static_cast<size_t>(end - text.data()) : text.size();
    line(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
}

int64_t number_behind(std::string_view line, std::string_view name, size_t& at) {
  const auto found = line.find(name, at);
  if (found == line.npos) return -1;
  at = found + name.size();
  if (at >= line.size() || line[at] < '0' || line[at] > '9') return -1;
  int64_t number = 0;
  while (at < line.size() && line[at] >= '0' && line[at] <= '9') number = number * 10 + (line[at++] - '0');
  return number;
}

// The network of each campaign, -1 where it has none: the first two columns of the table are a
// network and a campaign.
std::vector<int64_t> networks_of(std::string_view table, size_t campaigns) {
  std::vector<int64_t> networks(campaigns, -1);
  bool is_header = true;
  each_line(table, [&](std::string_view line) {
    if (std::exchange(is_header, false)) return;
    long long network = 0, campaign = 0;
    if (std::sscanf(std::string(line).c_str(), "%lld,%lld", &network, &campaign) == 2 && campaign >= 0 &&
        static_cast<size_t>(campaign) < campaigns)
      networks[static_cast<size_t>(campaign)] = network;
  });
  return networks;
}

struct ViewLine {
  int64_t start = -1, end = -1, campaign = -1;
};

ViewLine found_in(std::string_view line) {
  size_t at = 0;
  ViewLine view;
  view.start = number_behind(line, "\"start_timestamp\":", at);
  view.end = number_behind(line, "\"end_timestamp\":", at);
  view.campaign = number_behind(line, "\"campaign_id\":", at);
  return view;
}

// The text behind the line is read, too, as simdjson does it.
ViewLine parsed(simdjson::ondemand::parser& parser, std::string_view line, size_t readable) {
  ViewLine view;
  simdjson::ondemand::document document;
  if (parser.iterate(line.data(), line.size(), readable).get(document)) return {};
  if (document["start_timestamp"].get(view.start) || document["end_timestamp"].get(view.end) ||
      document["campaign_id"].get(view.campaign))
    return {};
  return view;
}

template <class Read>
void report(std::string_view text, std::string_view table, Read read) {
  constexpr size_t kCampaigns = 4096;
  const auto networks = networks_of(table, kCampaigns);
  struct Sum {
    int64_t count, milliseconds;
  };
  std::map<int64_t, std::vector<Sum>> minutes;
  int64_t current = -1;
  std::vector<Sum>* sums = nullptr;
  each_line(text, [&](std::string_view line) {
    const auto [start, end, campaign] = read(line);
    if (start < 0 || end < 0 || campaign < 0 || campaign >= static_cast<int64_t>(kCampaigns)) return;
    if (networks[static_cast<size_t>(campaign)] < 0) return;
    if (start / 60'000 != current) {
      current = start / 60'000;
      sums = &minutes[current];
      sums->resize(kCampaigns);
    }
    auto& sum = (*sums)[static_cast<size_t>(campaign)];
    ++sum.count;
    sum.milliseconds += end - start;
  });
  for (const auto& [minute, all] : minutes)
    for (size_t campaign = 0; campaign < kCampaigns; ++campaign)
      if (all[campaign].count > 0)
        std::printf("%lld,%lld,%zu,%lld,%lld,%.6f\n", static_cast<long long>(networks[campaign]),
                    static_cast<long long>(minute * 60'000), campaign, static_cast<long long>(all[campaign].count),
                    static_cast<long long>(all[campaign].milliseconds),
                    static_cast<double>(all[campaign].milliseconds) / static_cast<double>(all[campaign].count) / 1000);
}

// Numbers for texts, by open addressing.
class Numbers {
 public:
  uint32_t of(std::string_view text) {
    if (names_.size() * 2 >= places_.size()) grow();
    auto& place = find(text);
    if (place == 0) {
      names_.emplace_back(text);
      place = static_cast<uint32_t>(names_.size());
    }
    return place - 1;
  }
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  uint32_t& find(std::string_view text) {
    uint64_t hash = text.size();
    size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
      uint64_t word;
      memcpy(&word, text.data() + at, 8);
      hash = (hash ^ word) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
    for (; at < text.size(); ++at) hash = (hash ^ static_cast<uint8_t>(text[at])) * 0x9e3779b97f4a7c15;
    size_t place = hash >> 20 & (places_.size() - 1);
    while (places_[place] != 0 && names_[places_[place] - 1] != text) place = (place + 1) & (places_.size() - 1);
    return places_[place];
  }
  void grow() {
    places_.assign(std::max<size_t>(1024, places_.size() * 2), 0);
    for (uint32_t name = 0; name < names_.size(); ++name) find(names_[name]) = name + 1;
  }
  std::vector<std::string_view> names_;
  std::vector<uint32_t> places_;
};

// The clock of an access log in order: text that was seen last is not read again.
class Clock {
 public:
  int64_t read(std::string_view text) {
    if (text.substr(0, 20) == std::string_view(last_, 20)) return seconds_;
    memcpy(last_, text.data(), 20);
    struct tm time{};
    strptime(last_, "%d/%b/%Y:%H:%M:%S", &time);
    return seconds_ = timegm(&time);
  }

 private:
  char last_[21] = {};
  int64_t seconds_ = 0;
};

void hosts(std::string_view text) {
  constexpr int64_t kSlide = 10, kPanes = 6;
  constexpr uint32_t kLimit = 100;
  Numbers numbers;
  Clock clock;
  std::vector<std::vector<uint32_t>> panes(kPanes);  // The last of them is the current one.
  std::vector<uint32_t> in_window, over;
  int64_t current = -1;
  const auto close = [&](int64_t next) {
    for (; current < next; ++current) {
      over.clear();
      in_window.resize(numbers.names().size());
      for (auto& pane : panes) pane.resize(in_window.size());
      for (uint32_t host = 0; host < in_window.size(); ++host) {
        in_window[host] += panes.back()[host];
        if (in_window[host] > kLimit) over.push_back(host);
      }
      for (const auto host : over)
        std::printf("%lld,%.*s,%u\n", static_cast<long long>((current - kPanes + 1) * kSlide),
                    static_cast<int>(numbers.names()[host].size()), numbers.names()[host].data(), in_window[host]);
      for (uint32_t host = 0; host < in_window.size(); ++host) in_window[host] -= panes.front()[host];
      std::rotate(panes.begin(), panes.begin() + 1, panes.end());
      std::fill(panes.back().begin(), panes.back().end(), 0);
    }
  };
  each_line(text, [&](std::string_view line) {
    const auto space = line.find(' '), bracket = line.find('[');
    if (bracket == line.npos || bracket + 28 > line.size()) return;
    const auto quote = line.rfind('"');
    if (quote == line.npos || quote <= bracket + 29 || quote + 2 >= line.size()) return;
    const int64_t slot = clock.read(line.substr(bracket + 1)) / kSlide;
    if (current < 0) current = slot;
    if (slot > current) close(slot);
    const auto host = numbers.of(line.substr(0, space));
    auto& pane = panes.back();
    if (host >= pane.size()) pane.resize(host + 1024);
    ++pane[host];
  });
  if (current >= 0) close(current + kPanes);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const auto text = map_file(arguments[2]);
  const std::string_view job = arguments[1];
  if (job == "report" && count == 4) {
    simdjson::ondemand::parser parser;
    const char* const end = text.data() + text.size() + kReadable;
    report(text, map_file(arguments[3]),
           [&](std::string_view line) { return parsed(parser, line, static_cast<size_t>(end - line.data())); });
  } else if (job == "unchecked_report" && count == 4) {
    report(text, map_file(arguments[3]), found_in);
  } else if (job == "hosts" && count == 3) {
    hosts(text);
  } else {
    return 2;
  }
  return 0;
}
