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
  const CsvFormat format = {settings_.delimiter[0], settings_.quote.empty() ? '\0' : settings_.quote[0]};
  auto table = read_csv_table(settings_.path, *text, shape_, format);
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

Done JoinTable::intercept(Batch& batch) {
  reload_if_changed();
  joiner_.join(batch, *table_);
  return {};
}

}  // namespace levada::join_table

LEVADA_PLUGIN("join_table", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::join_table::JoinTable>("join_table",
                                                                 "Joins rows with those of a table in a CSV file."))
