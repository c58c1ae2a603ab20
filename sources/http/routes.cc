#include "routes.h"

#include <algorithm>
#include <array>
#include <set>

namespace levada::http_source {
namespace {

using http_server::Format;
using http_server::Route;

constexpr std::array<std::pair<std::string_view, Format>, 6> kFormats = {{{"by_type", Format::by_type},
                                                                          {"whole", Format::whole},
                                                                          {"lines", Format::lines},
                                                                          {"ndjson", Format::ndjson},
                                                                          {"json", Format::json},
                                                                          {"flume", Format::flume}}};
constexpr std::array<std::string_view, 8> kEntries = {"format",  "id",      "time",  "lanes",
                                                      "columns", "headers", "query", "flume_headers"};
constexpr int64_t kMostLanes = 64;

// Reads one route.
class Reader {
 public:
  explicit Reader(const Tree& given) : given_(given), option_("routes." + std::string(given.key())) {}

  Result<Route> read() {
    route_.path = given_.key();
    if (!route_.path.starts_with('/') || route_.path.find_first_of("?#") != std::string::npos)
      return wrong(option_, "a path begins with \"/\" and has no \"?\" or \"#\"");
    if (given_.type() != LEVADA_TREE) return wrong(option_, "must be a table, such as { format = \"ndjson\" }");
    for (size_t at = 0; at < given_.size(); ++at)
      if (std::ranges::find(kEntries, given_[at].key()) == kEntries.end())
        return fault(given_[at].key(),
                     "is unknown: a route has format, id, time, lanes, columns, headers, query, flume_headers");
    LEVADA_TRY(read_format());
    LEVADA_TRY(read_lanes());
    LEVADA_TRY(read_own_columns());
    LEVADA_TRY(read_named("columns", route_.columns));
    LEVADA_TRY(read_named("headers", route_.headers));
    LEVADA_TRY(read_named("query", route_.query));
    LEVADA_TRY(read_flume_headers());
    return std::move(route_);
  }

 private:
  Error fault(std::string_view entry, const std::string& why) const {
    return wrong(option_ + "." + std::string(entry), why);
  }
  Done read_format() {
    const auto given = given_.find("format");
    if (!given) return {};
    const auto* found = std::ranges::find(kFormats, given.text(), &decltype(kFormats)::value_type::first);
    if (given.type() != LEVADA_STRING || found == kFormats.end())
      return fault("format", "must be \"by_type\", \"whole\", \"lines\", \"ndjson\", \"json\" or \"flume\"");
    route_.format = found->second;
    return {};
  }
  Done read_lanes() {
    const auto given = given_.find("lanes");
    if (!given) return {};
    if (given.type() != LEVADA_INTEGER || given.integer() < 1 || given.integer() > kMostLanes)
      return fault("lanes", "must be 1 to " + std::to_string(kMostLanes));
    route_.lanes = static_cast<size_t>(given.integer());
    return {};
  }
  Done read_own_columns() {
    for (const auto& [entry, column] : {std::pair("id", &route_.id_column), std::pair("time", &route_.time_column)}) {
      const auto given = given_.find(entry);
      if (!given) continue;
      if (given.type() != LEVADA_STRING) return fault(entry, "must be the name of a column");
      *column = given.text();
      LEVADA_TRY(claim(given.text(), entry));
    }
    return {};
  }
  Done read_named(const char* entry, Route::Named& to) {
    const auto given = given_.find(entry);
    if (!given) return {};
    if (given.type() != LEVADA_TREE) return fault(entry, "must be a table of columns, such as { app = \"shop\" }");
    for (size_t at = 0; at < given.size(); ++at) {
      const auto each = given[at];
      const auto path = std::string(entry) + "." + std::string(each.key());
      if (each.type() != LEVADA_STRING) return fault(path, "must be a text");
      LEVADA_TRY(claim(each.key(), path));
      to.emplace_back(each.key(), each.text());
    }
    return {};
  }
  Done read_flume_headers() {
    const auto given = given_.find("flume_headers");
    if (route_.format != Format::flume) {
      if (given) return fault("flume_headers", "goes with format = \"flume\" only");
      return {};
    }
    if (!given) {
      route_.row_columns = {"headers"};
      return claim("headers", "format");
    }
    if (given.type() != LEVADA_STRINGS) return fault("flume_headers", "must be a list of names");
    for (size_t at = 0; at < given.size(); ++at) {
      LEVADA_TRY(claim(given[at].text(), "flume_headers"));
      route_.flume_headers.emplace_back(given[at].text());
    }
    route_.row_columns = route_.flume_headers.empty() ? std::vector<std::string>{"headers"} : route_.flume_headers;
    return {};
  }
  // A column needs a name of its own.
  Done claim(std::string_view column, const std::string& entry) {
    if (column.empty() || column == "body" || column == "reason" || column == "cut" ||
        !names_.insert(std::string(column)).second)
      return fault(entry, "the column \"" + std::string(column) + "\" needs a name of its own");
    return {};
  }

  const Tree& given_;
  const std::string option_;
  Route route_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::vector<Route>> read_routes(const Tree& routes) {
  std::vector<Route> all;
  std::set<std::string> streams;
  for (size_t at = 0; at < routes.size(); ++at) {
    const Tree given = routes[at];
    auto route = Reader(given).read();
    if (!route) return std::move(route).error();
    for (size_t lane = 0; lane < route->lanes; ++lane)
      if (!streams.insert(route->stream(lane)).second)
        return wrong("routes." + route->path, "another route has its name for a lane");
    all.push_back(*std::move(route));
  }
  if (all.empty()) return wrong("routes", "needs one path or more");
  return all;
}

}  // namespace levada::http_source
