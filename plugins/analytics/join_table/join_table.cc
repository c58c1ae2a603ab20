// The interceptor join_table.
#include "join_table.h"

#include <algorithm>

#include "levada/pattern.h"

namespace levada::join_table {

Result<std::unique_ptr<JoinTable>> JoinTable::create(Settings settings, Host host) {
  if (settings.path.empty()) return wrong("path", "a file needs a name");
  if (settings.keys.empty()) return wrong("keys", "name what must be equal, keys = { campaign_id = \"id\" }");
  if (settings.delimiter.size() != 1 || settings.delimiter == "\n" || settings.delimiter == "\r")
    return wrong("delimiter", "must be one character, and no line end");
  if (settings.quote.size() > 1 || settings.quote == settings.delimiter)
    return wrong("quote", "must be one character, or \"\" for none, and not the delimiter");
  if (settings.reload_interval < std::chrono::nanoseconds(0)) return wrong("reload_interval", "must not be negative");
  auto columns = read_declared_columns(std::exchange(settings.columns, Tree()), "columns");
  if (!columns) return std::move(columns).error();
  TableShape shape;
  shape.format = {settings.delimiter[0], settings.quote.empty() ? '\0' : settings.quote[0]};
  shape.columns = *std::move(columns);
  for (const auto& [ours, theirs] : settings.keys) {
    if (ours.empty() || theirs.empty()) return wrong("keys", "a column needs a name");
    shape.keys.push_back(theirs);
  }
  return std::unique_ptr<JoinTable>(new JoinTable(std::move(settings), std::move(shape), host));
}

JoinTable::JoinTable(Settings settings, TableShape shape, Host host)
    : settings_(std::move(settings)),
      shape_(std::move(shape)),
      host_(host),
      matched_(host.counter("rows_matched")),
      unmatched_(host.counter("rows_unmatched")),
      reloads_(host.counter("reloads")),
      reload_failures_(host.counter("reload_failures")) {}

Result<JoinTable::Version> JoinTable::version() const {
  levada_file_info info{};
  if (const auto result = host_.files().stat(settings_.path, info); result < 0)
    return file_error("stat", settings_.path, result);
  return Version{info.device, info.inode, info.bytes, info.modified_ns, info.changed_ns};
}

Done JoinTable::load(const Version& version) {
  version_ = version;
  const auto text = host_.files().read_whole(settings_.path);
  if (!text) return text.error();
  auto table = CsvTable::parse(settings_.path, *text, shape_);
  if (!table) return std::move(table).error();
  table_ = *std::move(table);
  return {};
}

Done JoinTable::open() {
  const auto now = version();
  if (!now) return now.error();
  LEVADA_TRY(load(*now));
  looked_ = host_.monotonic();
  return {};
}

// A file that is bad, or gone, leaves the table as it is.
void JoinTable::reload_if_changed() {
  const auto time = host_.monotonic();
  if (time - looked_ < settings_.reload_interval) return;
  looked_ = time;
  const auto now = version();
  if (now && *now == version_) return;
  const Done done = now ? load(*now) : Done(now.error());
  if (done) {
    reloads_.add();
    host_.info("read " + settings_.path + " anew: " + std::to_string(table_->rows()) + " rows");
    return;
  }
  reload_failures_.add();
  host_.error("the table stays as it was: " + done.error().message);
  // What could not be read is tried again; what is wrong in it is said once.
  if (done.code() == Code::retry) version_ = Version();
}

int64_t JoinTable::find_rows(const Batch& batch) {
  found_.resize(static_cast<size_t>(batch.rows()));
  std::vector<const Column*> columns;
  for (const auto& [name, _] : settings_.keys) {
    const Column* column = batch.find(name);
    columns.push_back(column && column->type() != Type::opaque ? column : nullptr);
  }
  int64_t matched = 0;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    key_.clear();
    bool has_key = true;
    for (const Column* column : columns) {
      has_key = has_key && column && !column->null(row);
      if (!has_key) break;
      if (column->is_textual()) {
        KeyIndex::append_part(column->text(row), key_);
        continue;
      }
      part_.clear();
      append_value(*column, row, part_);
      KeyIndex::append_part(part_, key_);
    }
    const int64_t found = has_key ? table_->index().find(key_) : -1;
    found_[static_cast<size_t>(row)] = found < 0 ? table_->rows() : found;
    matched += found < 0 ? 0 : 1;
  }
  return matched;
}

Done JoinTable::intercept(Batch& batch) {
  reload_if_changed();
  const auto matched = find_rows(batch);
  matched_.add(matched);
  unmatched_.add(batch.rows() - matched);
  if (settings_.join != Join::left && matched != (settings_.join == Join::inner ? batch.rows() : 0)) {
    const bool keeps_matched = settings_.join == Join::inner;
    kept_.clear();
    size_t to = 0;
    for (size_t row = 0; row < found_.size(); ++row) {
      if ((found_[row] < table_->rows()) != keeps_matched) continue;
      kept_.push_back(static_cast<int64_t>(row));
      found_[to++] = found_[row];
    }
    found_.resize(to);
    batch.take(kept_);
  }
  if (settings_.join == Join::anti) return {};
  for (const auto& column : table_->columns())
    batch.set(
        take(column, found_.data(), static_cast<int64_t>(found_.size())).renamed(settings_.prefix + column.name()));
  return {};
}

}  // namespace levada::join_table

LEVADA_PLUGIN("join_table", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::join_table::JoinTable>("join_table",
                                                                 "Joins rows with those of a table in a CSV file."))
