// The sink's calls: writing rows, committing, starting over.
#include "postgres.h"

#include <algorithm>
#include <utility>

#include "levada/kept_id.h"
#include "postgres/sql_text.h"

namespace levada::postgres_sink {

namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kIdLine = "levada postgres sink id 1";
constexpr std::string_view kEpochStream = "@epoch";

uint64_t epoch_of(const std::vector<Position>& positions) {
  for (const auto& position : positions)
    if (position.stream == kEpochStream) return position.sequence;
  return 0;
}

Done check_names(const char* option, const std::vector<std::string>& names) {
  for (auto at = names.begin(); at != names.end(); ++at) {
    if (at->empty() || at->find('\0') != at->npos) return wrong(option, "has a name that no column can have");
    if (std::find(names.begin(), at, *at) != at) return wrong(option, "has \"" + *at + "\" twice");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Postgres>> Postgres::create(Settings settings, Host host) {
  LEVADA_TRY(postgres::check(settings));
  if (!postgres::quoted_table(settings.table)) return wrong("table", "is written \"table\" or \"schema.table\"");
  if (!postgres::quoted_table(settings.positions_table))
    return wrong("positions_table", "is written \"table\" or \"schema.table\"");
  if (settings.table == settings.positions_table) return wrong("positions_table", "is the table that rows go to");
  LEVADA_TRY(check_names("keys", settings.keys));
  LEVADA_TRY(check_names("columns", settings.columns));
  if (settings.mode != Settings::Mode::append && settings.keys.empty())
    return wrong("keys", "is needed to tell which row one takes the place of");
  if (settings.mode == Settings::Mode::append && !settings.keys.empty() && !settings.create_table)
    return wrong("keys", "has no effect on rows that are appended, unless the table is made");
  if (!settings.columns.empty())
    for (const auto& key : settings.keys)
      if (std::find(settings.columns.begin(), settings.columns.end(), key) == settings.columns.end())
        return wrong("columns", "lacks \"" + key + "\", which is one of keys");
  if (!settings.types.empty() && !settings.create_table && !settings.add_columns)
    return wrong("types", "has no effect without create_table or add_columns");
  for (const auto& [name, type] : settings.types)
    if (type.empty()) return wrong("types." + name, "is empty");
  if (settings.positions_id &&
      (settings.positions_id->empty() || settings.positions_id->find('\0') != std::string::npos))
    return wrong("positions_id", "must be a text that is not empty");
  return std::unique_ptr<Postgres>(new Postgres(std::move(settings), host));
}

Postgres::Postgres(Settings settings, Host host)
    : settings_(std::move(settings)), host_(host), table_(settings_), worker_(host) {}

Done Postgres::open() {
  if (positions_) return {};
  const auto table = *postgres::quoted_table(settings_.positions_table);
  if (settings_.positions_id) {
    positions_ = std::make_unique<PositionsTable>(table, *settings_.positions_id, host_);
    return {};
  }
  auto id = kept_id(host_, "postgres_id", kIdLine);
  if (!id) return std::move(id).error();
  positions_ = std::make_unique<PositionsTable>(table, std::string(host_.component()) + ":" + *id, host_);
  return {};
}

void Postgres::forget() {
  if (stop_) stop_->raise();
  worker_.stop();
  load_.reset();
  encoder_.reset();
  connection_.reset();
  stop_ = std::make_unique<postgres::Stop>();
  held_.clear();
  chunks_.clear();
  bad_.clear();
}

// A new connection each time: what was sent on the old one is done, or fails because the positions
// have changed their owner.
Result<std::vector<Position>> Postgres::recover() {
  forget();
  auto opened = postgres::Connection::open(settings_, postgres::Connection::Access::write, *stop_);
  if (!opened) return std::move(opened).error();
  connection_ = *std::move(opened);
  LEVADA_TRY(table_.load(*connection_));
  auto positions = positions_->claim(*connection_);
  if (!positions) return positions;
  encoder_ = std::make_unique<RowEncoder>(table_, settings_);
  load_ = std::make_unique<Load>(*connection_, table_, *positions_);
  const auto known = epoch_of(committed_), found = epoch_of(*positions);
  if (found < known)
    host_.error("the server has lost what it had confirmed: of commit " + std::to_string(known) + " it knows commit " +
                std::to_string(found) + "; rows since then are missing unless their source can go back");
  committed_ = *positions;
  return positions;
}

Done Postgres::prepare(const Batch& batch, nanoseconds timeout) {
  if (!worker_.is_busy()) {
    if (!table_.lacks(batch)) return {};
    // Chunks that are there are for the table as it was, which has what they need afterwards, too.
    worker_.start([this, columns = table_.wanted(batch)] { return table_.widen(columns, *connection_); });
  }
  const auto done = worker_.wait(timeout);
  if (!done) return levada::idle();
  LEVADA_TRY(*done);
  if (table_.lacks(batch)) return retry("the table " + table_.name() + " was changed by another in this moment");
  return {};
}

void Postgres::note_left_out() {
  const auto names = encoder_->take_left_out();
  if (names.empty()) return;
  std::string all;
  for (const auto& name : names) all.append(all.empty() ? "" : ", ").append(name);
  host_.warning("the table " + table_.name() + " has no place for columns of rows, which are left out: " + all);
}

Done Postgres::encode(Batch& batch) {
  auto chunk = encoder_->encode(batch, next_number_, misfits_);
  if (!chunk) {
    for (auto& misfit : misfits_.all()) batch.reject(misfit.row, std::move(misfit.reason));
    Batch kept = batch;
    kept.drop_marked();
    if (kept.rows() > 0) chunk = encoder_->encode(kept, next_number_, misfits_);
    if (kept.rows() > 0 && !chunk) return fatal("rows that were looked at do not fit when they are written");
    if (chunk) held_.push_back(std::move(kept));
  } else {
    held_.push_back(batch);
  }
  note_left_out();
  if (!chunk) return {};
  next_number_ += chunk->rows();
  chunks_.push_back(std::move(chunk));
  return {};
}

Done Postgres::write(Batch& batch, nanoseconds timeout) {
  if (batch.rows() == 0) return {};
  LEVADA_TRY(prepare(batch, timeout));
  return encode(batch);
}

Done Postgres::hand_over(Batch& rejected) {
  const auto number = bad_.front().chunk;
  std::vector<Rejection> rejections;
  auto end = bad_.begin();
  for (; end != bad_.end() && end->chunk == number; ++end)
    rejections.push_back({static_cast<int64_t>(end->row), std::move(end->reason), {}});
  bad_.erase(bad_.begin(), end);
  Batch& held = held_[number];
  rejected = Batch::rejected(held, rejections);
  for (auto& each : rejections) held.drop(each.row);
  held.drop_marked();
  if (held.rows() == 0) {
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(number));
    chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(number));
    for (auto& each : bad_) --each.chunk;
    return {};
  }
  auto chunk = encoder_->encode(held, chunks_[number]->number(0), misfits_);
  if (!chunk) return fatal("rows that were looked at do not fit when they are written");
  chunks_[number] = std::move(chunk);
  return {};
}

Done Postgres::commit(const Checkpoint& checkpoint, nanoseconds timeout, Batch& rejected) {
  if (!worker_.is_busy()) {
    if (!bad_.empty()) {
      LEVADA_TRY(hand_over(rejected));
      return levada::idle();
    }
    if (chunks_.empty() && checkpoint.positions == committed_) return {};
    worker_.start([this, checkpoint] { return load_->run(chunks_, checkpoint, bad_); });
  }
  const auto done = worker_.wait(timeout);
  if (!done) return levada::idle();
  LEVADA_TRY(*done);
  if (!bad_.empty()) return levada::idle();
  committed_ = checkpoint.positions;
  held_.clear();
  chunks_.clear();
  next_number_ = 0;
  return {};
}

Done Postgres::close(nanoseconds) {
  forget();
  return {};
}

}  // namespace levada::postgres_sink

LEVADA_PLUGIN("postgres", "0.1.0", "Apache-2.0",
              levada::sink<levada::postgres_sink::Postgres>(
                  "postgres", "Puts rows into a table of PostgreSQL, each exactly once: appended, or by keys."))
