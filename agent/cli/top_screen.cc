#include "agent/cli/top_screen.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "agent/base/numbers.h"
#include "agent/cli/ask_agent.h"

namespace levada::agent {
namespace {

constexpr const char* kBold = "\x1b[1m";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kRed = "\x1b[31m";
constexpr const char* kPlain = "\x1b[0m";

using Cells = std::array<std::string, 8>;
constexpr size_t kFirstNumber = 2, kNumbersEnd = 7;

// A space stands between columns of text: bytes and places are the same, as names are ASCII.
std::string padded(const std::string& text, size_t width, bool right) {
  const std::string space(width > text.size() ? width - text.size() : 0, ' ');
  return right ? space + text : text + space;
}

std::string whole(double number) { return number == 0 ? "-" : grouped(static_cast<int64_t>(number)); }

const Node& member(const Node& object, std::string_view name) {
  static const Node nothing;
  const Node* found = object.find(name);
  return found ? *found : nothing;
}

std::string time_left(const Node& of) {
  const Node* left = of.find("seconds_left");
  if (left) return number_of(of, "seconds_left") == 0 ? "" : "about " + short_time(number_of(of, "seconds_left"));
  return number_of(of, "shrinks") < 0 ? "grows" : "stands";
}

std::string note_of(const Node& component) {
  std::string note;
  const auto add = [&](const std::string& text) { note += (note.empty() || text.empty() ? "" : ", ") + text; };
  if (const auto state = text_of(component, "state"); !state.empty() && state != "works") add(state);
  if (const Node* backlog = component.find("backlog")) {
    const bool is_bytes = text_of(*backlog, "unit") == "bytes";
    const auto left = number_of(*backlog, "left");
    if (left > 0) {
      add((is_bytes ? short_bytes(left) : short_number(left) + " rows") + " to read");
      add(time_left(*backlog));
    }
    const auto& items = member(*backlog, "items").items;
    if (!items.empty() && !text_of(items.front(), "name").empty() && number_of(items.front(), "done") > 0)
      add(text_of(items.front(), "name") + " " +
          std::to_string(static_cast<int>(100 * number_of(items.front(), "done") /
                                          std::max(number_of(items.front(), "total"), 1.0))) +
          " %");
  }
  if (const auto age = number_of(component, "oldest_unacknowledged_seconds"); age >= 60)
    add("oldest rows " + short_time(age));
  if (text_of(component, "kind") == "channel") {
    const auto bytes = number_of(component, "bytes_waiting"), most = number_of(component, "capacity_bytes");
    if (bytes > 0) add(short_bytes(bytes) + (most > 0 ? " of " + short_bytes(most) : ""));
    if (number_of(component, "rows_waiting") > 0) add(time_left(component));
  }
  return note;
}

Cells cells_of(const Node& component) {
  const auto& counters = member(component, "counters");
  const auto& rates = member(component, "rates");
  const auto kind = text_of(component, "kind");
  const char* rows = kind == "source" ? "rows_read" : kind == "interceptor" ? "rows_out" : "rows_written";
  Cells cells = {text_of(component, "path"), text_of(component, "type")};
  const bool is_channel = kind == "channel";
  cells[2] = is_channel ? "" : short_number(number_of(rates, rows));
  cells[3] = kind == "source" ? short_bytes(number_of(rates, "bytes_read")) : "";
  cells[4] = is_channel ? whole(number_of(counters, "rows_stored")) : whole(number_of(counters, rows));
  cells[5] = is_channel ? "" : whole(number_of(counters, "rows_rejected"));
  cells[6] = is_channel ? whole(number_of(component, "rows_waiting")) : "";
  cells[7] = note_of(component);
  return cells;
}

}  // namespace

std::string short_number(double number) {
  constexpr const char* kUnits[] = {"", " k", " M", " G", " T"};
  size_t unit = 0;
  for (; number >= 999.5 && unit + 1 < std::size(kUnits); ++unit) number /= 1000;
  char text[32];
  const int digits = unit == 0        ? (number > 0 && number < 9.95 && number != std::floor(number) ? 1 : 0)
                     : number < 9.995 ? 2
                     : number < 99.95 ? 1
                                      : 0;
  std::snprintf(text, sizeof text, "%.*f%s", digits, number, kUnits[unit]);
  return text;
}

std::string short_bytes(double bytes) {
  constexpr const char* kUnits[] = {" B", " KiB", " MiB", " GiB", " TiB"};
  size_t unit = 0;
  for (; bytes >= 1023.5 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f%s", unit == 0 || bytes >= 99.95 ? 0 : 1, bytes, kUnits[unit]);
  return text;
}

std::string short_time(double seconds) {
  const auto all = static_cast<int64_t>(std::ceil(seconds));
  const auto two = [](int64_t first, const char* one, int64_t second, const char* other) {
    return std::to_string(first) + " " + one + (second > 0 ? " " + std::to_string(second) + " " + other : "");
  };
  if (all < 60) return std::to_string(all) + " s";
  if (all < 3600) return two(all / 60, "min", all % 60, "s");
  if (all < 86400) return two(all / 3600, "h", all % 3600 / 60, "min");
  return two(all / 86400, "d", all % 86400 / 3600, "h");
}

std::string top_screen(const Node& status, size_t columns, bool colors) {
  const auto styled = [&](const char* style, const std::string& text) { return colors ? style + text + kPlain : text; };
  const auto fit = [&](std::string line) {
    if (columns > 0 && line.size() > columns) line.resize(columns);
    return line;
  };
  const auto& process = member(status, "process");
  std::string head = "levada " + text_of(status, "version") + "  up " +
                     short_time(number_of(status, "time") - number_of(status, "start"));
  char cpu[48];
  std::snprintf(cpu, sizeof cpu, "  CPU %.2f", number_of(process, "cpu"));
  head += cpu;
  head += "  memory for rows " + short_bytes(number_of(process, "memory_bytes")) + " of " +
          short_bytes(number_of(process, "memory_limit_bytes")) + "  resident " +
          short_bytes(number_of(process, "resident_bytes"));
  if (const auto letters = number_of(status, "dead_letters"); letters > 0)
    head += "  dead letters " + grouped(static_cast<int64_t>(letters));
  std::string screen = styled(kBold, fit(head)) + "\n";
  for (const auto& problem : member(member(status, "health"), "problems").items)
    screen += styled(kRed, fit(text_of(problem, "component") + " " + text_of(problem, "what"))) + "\n";
  screen += "\n";

  std::vector<Cells> table = {{"component", "type", "rows/s", "bytes/s", "rows", "rejected", "waiting", ""}};
  for (const auto& component : member(status, "components").items) table.push_back(cells_of(component));
  std::array<size_t, 8> widths{};
  for (const auto& cells : table)
    for (size_t at = 0; at < cells.size(); ++at) widths[at] = std::max(widths[at], cells[at].size());
  for (const auto& cells : table) {
    std::string line;
    for (size_t at = 0; at < cells.size(); ++at)
      line += (at > 0 ? "  " : "") + padded(cells[at], widths[at], at >= kFirstNumber && at < kNumbersEnd);
    line.erase(line.find_last_not_of(' ') + 1);
    screen += (&cells == &table.front() ? styled(kDim, fit(line)) : fit(line)) + "\n";
  }
  return screen;
}

}  // namespace levada::agent
