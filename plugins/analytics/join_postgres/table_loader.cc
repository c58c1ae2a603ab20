#include "table_loader.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "postgres_table.h"

namespace levada::join_postgres {

namespace {

// After a failure it is tried again sooner.
constexpr std::chrono::nanoseconds kPause = std::chrono::seconds(5);

}  // namespace

TableLoader::TableLoader(Source source, join::TableShape shape, Host host)
    : source_(std::move(source)),
      shape_(std::move(shape)),
      host_(host),
      reloads_(host.counter("reloads")),
      reload_failures_(host.counter("reload_failures")) {}

Done TableLoader::start(std::chrono::nanoseconds patience) {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return has_tried_; });
  if (table_) return {};
  return has_tried_ ? last_ : Done(retry("the table is still being loaded"));
}

std::shared_ptr<const join::Table> TableLoader::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

void TableLoader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  stop_.raise();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TableLoader::run() {
  const auto scope = host_.memory_scope();
  for (;;) {
    auto loaded = [&]() -> Result<std::shared_ptr<const join::Table>> {
      try {
        return load();
      } catch (const std::exception& exception) {
        return retry(exception.what());
      }
    }();
    const bool failed = !loaded;
    if (stop_.is_raised()) return;
    take(std::move(loaded));
    std::unique_lock lock(mutex_);
    const auto pause = failed ? std::min(source_.refresh, kPause) : source_.refresh;
    if (changed_.wait_for(lock, pause, [&] { return stops_; })) return;
  }
}

Result<std::shared_ptr<const join::Table>> TableLoader::load() const {
  auto connection = postgres::Connection::open(source_.server, postgres::Connection::Access::read, stop_);
  if (!connection) return std::move(connection).error();
  PostgresTable table(shape_);
  LEVADA_TRY((*connection)->run(source_.query, [&](const PGresult& rows) { return table.add(rows); }));
  return table.finish();
}

void TableLoader::take(Result<std::shared_ptr<const join::Table>> loaded) {
  std::unique_lock lock(mutex_);
  const bool is_first = !table_, was_good = !has_tried_ || last_;
  const auto said = last_ ? std::string() : last_.error().message;
  has_tried_ = true;
  last_ = loaded ? Done() : Done(loaded.error());
  if (loaded) table_ = *std::move(loaded);
  const auto rows = table_ ? table_->rows() : 0;
  lock.unlock();
  changed_.notify_all();
  // Whoever starts it says why the first failed.
  if (is_first && !last_) return;
  if (!last_) {
    reload_failures_.add();
    if (last_.error().message != said) host_.error("the table stays as it was: " + last_.error().message);
    return;
  }
  if (!is_first) reloads_.add();
  if (is_first || !was_good) host_.info("the table has " + std::to_string(rows) + " rows");
}

}  // namespace levada::join_postgres
