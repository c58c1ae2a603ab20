#include "postgres_source.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "page_rows.h"
#include "postgres/sql_text.h"
#include "postgres/types.h"

namespace levada::postgres_source {

namespace {

using std::chrono::nanoseconds;

// The first query asks for fewer rows, as nothing is known of their size.
constexpr int64_t kFirstRows = 1000;
constexpr size_t kPageBytes = size_t{16} << 20;
// How often is looked whether transactions have ended, and how long it is nothing to speak of.
constexpr auto kWritersInterval = std::chrono::milliseconds(100);
constexpr auto kWritersPatience = std::chrono::seconds(10);

std::optional<std::string> text_at(const PGresult& result, int row, int column) {
  if (PQgetisnull(&result, row, column) != 0) return std::nullopt;
  return std::string(PQgetvalue(&result, row, column), static_cast<size_t>(PQgetlength(&result, row, column)));
}

// Whether the greatest cursor lies behind a position. A position that is no number was one of
// another cursor: the server says so.
bool is_behind(const std::string& greatest, const std::string& position) {
  const auto number = [](const std::string& text) {
    int64_t number = std::numeric_limits<int64_t>::min();
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  return number(greatest) > number(position);
}

}  // namespace

Result<std::unique_ptr<PostgresSource>> PostgresSource::create(Settings settings, Host host) {
  LEVADA_TRY(postgres::check(settings));
  if (settings.query.empty()) return wrong("query", "is empty");
  if (settings.cursor.empty()) return wrong("cursor", "is empty");
  if (settings.share && !Share::parse(*settings.share))
    return wrong("share", "is written \"2/5\", the second of five, of at most 10000");
  if (settings.batch_rows <= 0) return wrong("batch_rows", "must be more than 0");
  if (settings.interval <= nanoseconds(0)) return wrong("interval", "must be more than 0");
  return std::unique_ptr<PostgresSource>(new PostgresSource(std::move(settings), host));
}

Done PostgresSource::open(std::span<const Position> positions) {
  worker_.stop();
  position_.clear();
  for (const auto& each : positions)
    if (each.stream == settings_.share.value_or("")) position_ = each.position;
  limit_ = std::min(kFirstRows, settings_.batch_rows);
  not_before_ = nanoseconds(0);
  is_drained_ = is_held_back_ = false;
  last_.reset();
  greatest_.reset();
  return {};
}

Done PostgresSource::connect() {
  auto opened = postgres::Connection::open(settings_, postgres::Connection::Access::read, stop_);
  if (!opened) return std::move(opened).error();
  const auto described = (*opened)->describe("SELECT * FROM " + postgres::inner_query(settings_.query));
  if (!described) return described.error();
  columns_.clear();
  const QueryColumn* cursor = nullptr;
  for (int at = 0; at < PQnfields(described->get()); ++at)
    columns_.push_back({PQfname(described->get(), at), PQftype(described->get(), at)});
  for (const auto& column : columns_)
    if (column.name == settings_.cursor) cursor = &column;
  if (!cursor) return fatal("the query gives no column \"" + settings_.cursor + "\", which is the cursor");
  const auto type = (*opened)->ask("SELECT pg_catalog.format_type($1::oid, -1), pg_catalog.pg_is_in_recovery()",
                                   {std::to_string(cursor->type)});
  if (!type) return type.error();
  const bool is_whole =
      cursor->type == postgres::kInt2 || cursor->type == postgres::kInt4 || cursor->type == postgres::kInt8;
  auto query = PageQuery::of(settings_, columns_, PQgetvalue(type->get(), 0, 0), is_whole);
  if (!query) return std::move(query).error();
  waits_for_writers_ = settings_.wait_for_writers && is_whole;
  if (waits_for_writers_ && *PQgetvalue(type->get(), 0, 1) == 't')
    return fatal(
        "the server is a standby, and does not know who writes to the tables: with wait_for_writers = false "
        "rows are read all the same, but for those that are committed behind a greater cursor");
  query_ = *std::move(query);
  connection_ = *std::move(opened);
  return {};
}

Done PostgresSource::find_last() {
  auto answer = connection_->ask(query_->greatest_and_writers());
  if (!answer) {
    connection_.reset();
    return std::move(answer).error();
  }
  std::vector<Writer> writers;
  for (int row = 0; row < PQntuples(answer->get()); ++row)
    if (auto transaction = text_at(**answer, row, 1))
      writers.push_back({*std::move(transaction), text_at(**answer, row, 2).value_or("")});
  if (greatest_) {
    writers_.update(std::move(writers));
  } else {
    auto greatest = text_at(**answer, 0, 0);
    is_drained_ = !greatest || (!position_.empty() && !is_behind(*greatest, position_));
    if (is_drained_) return {};
    greatest_ = std::move(greatest);
    writers_.begin(std::move(writers));
    held_back_since_ = host_.monotonic();
    has_said_so_ = false;
  }
  is_held_back_ = !writers_.is_over();
  if (!is_held_back_) {
    last_ = std::exchange(greatest_, std::nullopt);
  } else if (!has_said_so_ && host_.monotonic() - held_back_since_ > kWritersPatience) {
    host_.warning("rows are held back until transactions end that write to the tables of the query: processes " +
                  writers_.shown());
    has_said_so_ = true;
  }
  return {};
}

Done PostgresSource::fetch() {
  if (!connection_) LEVADA_TRY(connect());
  if (waits_for_writers_ && !last_) {
    LEVADA_TRY(find_last());
    if (!last_) return {};
  }
  postgres::Connection::Parameters parameters;
  if (!position_.empty()) parameters.emplace_back(position_);
  if (last_) parameters.emplace_back(*last_);
  const auto answer = connection_->ask(query_->page(limit_, !position_.empty(), last_.has_value()), parameters,
                                       postgres::Connection::Format::binary);
  if (!answer) {
    connection_.reset();
    return answer.error();
  }
  for (size_t at = 0; at < columns_.size(); ++at) {
    const auto type = is_read_binary(columns_[at].type) ? columns_[at].type : postgres::kText;
    if (PQftype(answer->get(), static_cast<int>(at)) == type) continue;
    connection_.reset();
    return retry("the column \"" + columns_[at].name + "\" of the query has got another type");
  }
  size_t bytes = 0;
  page_ = rows_of(**answer, columns_, bytes);
  page_.stream = settings_.share.value_or("");
  const bool is_all = page_.rows() < limit_;
  is_drained_ = is_all && !last_;
  if (is_all) last_.reset();
  if (page_.rows() == 0) return {};
  position_ = PQgetvalue(answer->get(), static_cast<int>(page_.rows()) - 1, static_cast<int>(columns_.size()));
  page_.position = position_;
  const auto each = std::max<size_t>(1, bytes / static_cast<size_t>(page_.rows()));
  limit_ = std::clamp(static_cast<int64_t>(kPageBytes / each), int64_t{1}, settings_.batch_rows);
  return {};
}

Result<Batch> PostgresSource::poll(nanoseconds timeout) {
  if (!worker_.is_busy()) {
    if (is_drained_ && host_.until_drained()) return levada::end();
    const auto now = host_.monotonic();
    if (now < not_before_) {
      worker_.wait(std::min(timeout, not_before_ - now));
      return levada::idle();
    }
    worker_.start([this] { return fetch(); });
  }
  auto done = worker_.wait(timeout);
  if (!done) return levada::idle();
  LEVADA_TRY(*std::move(done));
  Batch page = std::exchange(page_, Batch());
  if (is_drained_) not_before_ = host_.monotonic() + settings_.interval;
  else if (is_held_back_) not_before_ = host_.monotonic() + std::min<nanoseconds>(settings_.interval, kWritersInterval);
  else worker_.start([this] { return fetch(); });
  if (page.rows() == 0) return is_drained_ && host_.until_drained() ? levada::end() : levada::idle();
  return page;
}

Done PostgresSource::close(nanoseconds) {
  stop_.raise();
  worker_.stop();
  connection_.reset();
  return {};
}

}  // namespace levada::postgres_source
