// The interceptor join_table.
#include "join_table.h"

#include <utility>

#include "csv_table.h"

namespace levada::join_table {

Result<std::unique_ptr<JoinTable>> JoinTable::create(Settings settings, Host host) {
  if (settings.path.empty()) return wrong("path", "a file needs a name");
  if (settings.delimiter.size() != 1 || settings.delimiter == "\n" || settings.delimiter == "\r")
    return wrong("delimiter", "must be one character, and no line end");
  if (settings.quote.size() > 1 || settings.quote == settings.delimiter)
    return wrong("quote", "must be one character, or \"\" for none, and not the delimiter");
  if (settings.reload_interval < std::chrono::nanoseconds(0)) return wrong("reload_interval", "must not be negative");
  auto shape = join::TableShape::of(settings);
  if (!shape) return std::move(shape).error();
  return std::unique_ptr<JoinTable>(new JoinTable(std::move(settings), *std::move(shape), host));
}

JoinTable::JoinTable(Settings settings, join::TableShape shape, Host host)
    : settings_(std::move(settings)),
      shape_(std::move(shape)),
      host_(host),
      joiner_(settings_, host),
      file_(settings_.path, settings_.reload_interval, "the table", host) {}

Done JoinTable::take(std::string_view text) {
  const CsvFormat format = {settings_.delimiter[0], settings_.quote.empty() ? '\0' : settings_.quote[0]};
  auto table = read_csv_table(settings_.path, text, shape_, format);
  if (!table) return std::move(table).error();
  table_ = *std::move(table);
  return {};
}

Done JoinTable::open() {
  return file_.open([this](std::string_view text) { return take(text); });
}

Done JoinTable::intercept(Batch& batch) {
  if (file_.look([this](std::string_view text) { return take(text); }))
    host_.info("read " + settings_.path + " anew: " + std::to_string(table_->rows()) + " rows");
  joiner_.join(batch, *table_);
  return {};
}

}  // namespace levada::join_table

LEVADA_PLUGIN("join_table", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::join_table::JoinTable>("join_table",
                                                                 "Joins rows with those of a table in a CSV file."))
