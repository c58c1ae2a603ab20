// The interceptor parse_access_log.
#include "parse_access_log.h"

#include <algorithm>

#include "json/json_parser.h"
#include "json/rows.h"

namespace levada::parse_access_log {

Result<std::unique_ptr<ParseAccessLog>> ParseAccessLog::create(Settings settings, Host /*host*/) {
  if (settings.columns.empty()) return wrong("columns", "name at least one column");
  std::vector<Part> parts;
  for (const auto& name : settings.columns) {
    const auto part = static_cast<Part>(std::find(kPartNames.begin(), kPartNames.end(), name) - kPartNames.begin());
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  const auto has_one_of = [&](std::initializer_list<Part> some) {
    return std::find_first_of(parts.begin(), parts.end(), some.begin(), some.end()) != parts.end();
  };
  const WantedParts wanted = {.of_request = has_one_of({Part::method, Part::path, Part::protocol}),
                              .combined = has_one_of({Part::referer, Part::user_agent})};
  return std::unique_ptr<ParseAccessLog>(new ParseAccessLog(std::move(parts), wanted));
}

Done ParseAccessLog::intercept(Batch& batch) {
  const Column* found = batch.body();
  if (!found) return fatal("parse_access_log reads the column \"body\", which the batch does not have");
  const Column body = resolved(*found);
  const Documents bodies(body);
  std::vector<PartColumn> columns;
  columns.reserve(parts_.size());
  for (const Part part : parts_) columns.emplace_back(part, body);

  for (int64_t first = 0; first < batch.rows(); first += kLinesAtOnce) {
    const auto count = std::min(kLinesAtOnce, batch.rows() - first);
    for (int64_t at = 0; at < count; ++at) {
      const int64_t row = first + at;
      LineOfBody& line = lines_[static_cast<size_t>(at)];
      line.view = &bodies.view(row);
      line.text = bodies[row].text;
      Fault fault;
      if (reader_.read(line.text, line.line, fault)) continue;
      line.line = {};
      batch.reject(row, reason_at(batch, row, fault.offset, fault.reason));
    }
    for (auto& column : columns) column.append({lines_.data(), static_cast<size_t>(count)});
  }
  for (auto& column : columns) batch.set(std::move(column).finish());
  batch.drop_marked();
  return {};
}

}  // namespace levada::parse_access_log

LEVADA_PLUGIN("parse_access_log", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::parse_access_log::ParseAccessLog>(
                  "parse_access_log", "Makes columns of the lines of a web server's access log."))
