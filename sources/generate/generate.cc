// The source `generate`: checks its settings, keeps to its rate, and hands out batches of records.
#include "generate.h"

#include <algorithm>
#include <charconv>

#include "levada/time.h"

namespace levada {
namespace {

// Batches of more bytes than this no longer fit the processor's caches.
constexpr size_t kBatchBytes = size_t{1} << 20;
constexpr uint64_t kNoEnd = UINT64_MAX;

std::optional<int64_t> parse_start(std::string_view text) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && std::abs(seconds) < INT64_MAX / 2'000'000)
    return seconds * 1'000'000;
  return parse_rfc3339(text);
}

bool is_share(double value) { return value >= 0 && value <= 1; }

}  // namespace

Result<std::unique_ptr<Generate>> Generate::create(Settings settings, Host host) {
  using generate::Record;
  const auto negative = [](const std::optional<int64_t>& value) { return value && *value < 0; };
  if (negative(settings.rows)) return wrong("rows", "must be 0 or more");
  if (settings.rate < 0) return wrong("rate", "must be 0 or more");
  if (settings.batch_rows < 1 || settings.batch_rows > 1'000'000) return wrong("batch_rows", "must be 1 to 1000000");
  const auto start_us = parse_start(settings.start);
  if (!start_us)
    return wrong("start",
                 "\"" + settings.start + "\" is no time: write \"2026-06-01T00:00:00Z\" or seconds since 1970");
  if (settings.requests.has_value() != settings.seconds.has_value())
    return wrong(settings.requests ? "requests" : "seconds",
                 "`requests` and `seconds` go together: set both or neither");
  if (settings.requests && *settings.requests < 1) return wrong("requests", "must be 1 or more");
  if (settings.seconds && !(*settings.seconds > 0)) return wrong("seconds", "must be more than 0");
  const bool is_bots = settings.record == Record::bot_events;
  if (settings.bots && !is_bots) return wrong("bots", "only the record bot_events has bots");
  if (settings.users && !is_bots) return wrong("users", "only the record bot_events has users");
  const auto bots = settings.bots.value_or(10), users = settings.users.value_or(1000);
  if (bots < 0 || bots > 65'536) return wrong("bots", "must be 0 to 65536");
  if (users < 0 || users > 1 << 24) return wrong("users", "must be 0 to 16777216");
  if (bots + users == 0) return wrong("users", "without users and bots there are no events");
  if (!is_share(settings.broken)) return wrong("broken", "must be 0 to 1");
  if (settings.broken > 0 && shape_of(settings.record) == generate::Shape::free)
    return wrong("broken", "app_log has no form that could be broken");
  if (settings.incomplete && settings.record != Record::click_log)
    return wrong("incomplete", "only the record click_log has incomplete rows");
  if (!is_share(settings.incomplete.value_or(0))) return wrong("incomplete", "must be 0 to 1");
  auto rows = static_cast<uint64_t>(settings.rows ? *settings.rows : settings.requests.value_or(0));
  if (rows == 0) rows = kNoEnd;
  const bool array = settings.layout == Layout::array;
  if (array && shape_of(settings.record) != generate::Shape::json)
    return wrong("layout", "only JSON records can stand in an array: bot_events, ad_views, click_log");
  if (array && rows == kNoEnd) return wrong("layout", "an array has an end: set `rows`");

  generate::RecordSettings record;
  record.seed = static_cast<uint64_t>(settings.seed);
  record.bots = static_cast<uint32_t>(bots);
  record.users = static_cast<uint32_t>(users);
  record.incomplete = settings.incomplete.value_or(0);
  record.broken = settings.broken;
  record.start_us = *start_us;
  record.rows_per_second = settings.requests ? static_cast<double>(*settings.requests) / *settings.seconds : 0;
  record.array = array;
  record.rows = rows;
  return std::unique_ptr<Generate>(new Generate(settings, rows, make_records(settings.record, record), host));
}

Generate::Generate(const Settings& settings, uint64_t rows, std::unique_ptr<generate::Records> records, Host host)
    : host_(host),
      broken_(host.counter("rows_broken")),
      records_(std::move(records)),
      rows_(rows),
      rate_(settings.rate),
      batch_rows_(static_cast<uint64_t>(settings.batch_rows)) {}

Done Generate::open(std::span<const Position> positions) {
  next_ = 0;
  rate_since_.reset();
  for (const auto& at : positions) {
    if (!at.stream.empty())
      return fatal("there is no stream \"" + at.stream + "\": generate has one only, without a name");
    const char* end = at.position.data() + at.position.size();
    const auto [stop, error] = std::from_chars(at.position.data(), end, next_);
    if (error != std::errc() || stop != end) return fatal("the position \"" + at.position + "\" is no row number");
  }
  if (host_.until_drained() && rows_ == kNoEnd)
    host_.warning("will not come to an end by itself: set `rows` to run until drained");
  return {};
}

// How many rows the rate allows by now.
uint64_t Generate::due() {
  if (rate_ == 0) return kNoEnd;
  const auto now = host_.monotonic();
  if (!rate_since_) {
    rate_since_ = now;
    rate_from_ = next_;
  }
  const auto rate = static_cast<double>(rate_);
  const double passed_s = std::chrono::duration<double>(now - *rate_since_).count();
  const auto allowed = rate_from_ + static_cast<uint64_t>(passed_s * rate);
  if (allowed <= next_ + static_cast<uint64_t>(rate_)) return allowed - std::min(allowed, next_);
  // Whoever took no rows for long gets those of one second at once, not of all the time.
  rate_since_ = now;
  rate_from_ = next_ + static_cast<uint64_t>(rate_);
  return rate_from_ - next_;
}

const void* Generate::extension(std::string_view id) {
  return id == LEVADA_BACKLOG ? levada::backlog<Generate>() : nullptr;
}

std::vector<BacklogItem> Generate::backlog() const {
  if (rows_ == kNoEnd) return {};
  return {{.name = "rows",
           .unit = LEVADA_BACKLOG_ROWS,
           .done = static_cast<int64_t>(std::min(next_, rows_)),
           .total = static_cast<int64_t>(rows_)}};
}

Result<Batch> Generate::poll(std::chrono::nanoseconds) {
  if (next_ >= rows_) return end();
  const size_t longest = records_->longest();
  const auto count = std::min({batch_rows_, rows_ - next_, due(), std::max<uint64_t>(1, kBatchBytes / longest)});
  if (count == 0) return idle();

  Buffer memory(count * longest);
  ends_.clear();
  broken_.add(static_cast<int64_t>(records_->write(next_, count, memory.data(), ends_)));
  TextBuilder bodies(static_cast<int64_t>(count));
  const auto number = bodies.lend(memory, static_cast<size_t>(ends_.back() - memory.data()));
  const char* begin = memory.data();
  for (char* end : ends_) {
    bodies.append_lent({begin, static_cast<size_t>(end - begin)}, number);
    begin = end;
  }
  next_ += count;
  Batch batch(static_cast<int64_t>(count));
  batch.set(std::move(bodies).finish("body", Type::bytes));
  batch.position = std::to_string(next_);
  return batch;
}

}  // namespace levada

LEVADA_PLUGIN("generate", "0.1.0", "Apache-2.0",
              levada::source<levada::Generate>("generate",
                                               "Makes up records of five systems, the same from the same seed."))
