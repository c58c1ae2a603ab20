// Limits and movements go by event time; silences by the machine's clock, as nothing comes that
// could say the time.
#include "alert.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "analytics/event_by_event.h"

namespace levada::alert {
namespace {

constexpr std::string_view kState = "alert 2";
constexpr int64_t kKeysMax = int64_t{1} << 31;
// Of rows that wait for older ones.
constexpr Size kHeldBytes{64 << 20};

// What the state depends on: keys, and of each rule its name and what it looks at. Limits may
// change.
std::string state_options(const Alert::Settings& settings, const std::vector<Rule>& rules) {
  std::string text = "keys";
  for (const auto& key : settings.keys) text += " \"" + key + "\"";
  for (const auto& rule : rules) {
    text += ", " + rule.name + " " + std::to_string(static_cast<int>(rule.kind)) + " \"" + rule.column + "\"";
    if (rule.kind == Rule::Kind::movement) text += (rule.upwards ? " up " : " down ") + std::to_string(rule.window);
  }
  return text;
}

// By which a value is known again; a null is one, too.
uint64_t value_mark(const Column* column, int64_t row, std::string& text) {
  text.clear();
  if (column && !column->null(row)) append_value(*column, row, text);
  else text += '\0';
  uint64_t mark = 14695981039346656037u;
  for (const char c : text) mark = (mark ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return mark;
}

std::optional<double> number_of(const Column& column, int64_t row) {
  if (column.null(row)) return std::nullopt;
  switch (column.type()) {
    case Type::int64:
    case Type::timestamp: return static_cast<double>(column.values<int64_t>()[row]);
    case Type::boolean: return column.boolean(row) ? 1 : 0;
    case Type::float64: {
      const double value = column.values<double>()[row];
      if (!std::isnan(value)) return value;
      break;
    }
    default: break;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Alert>> Alert::create(Settings settings, Host host) {
  LEVADA_TRY(levada::check(static_cast<const EventTimeSettings&>(settings)));
  if (!settings.keys.empty()) LEVADA_TRY(analytics::check_keys(settings.keys));
  LEVADA_TRY(analytics::check_free(settings.keys, AlertRows::kColumns, "keys"));
  if (settings.max_keys < 1 || settings.max_keys > kKeysMax) return wrong("max_keys", "must be 1 to 2147483648");
  auto rules = parse_rules(settings.rules);
  if (!rules) return std::move(rules).error();
  auto options = state_options(settings, *rules);
  return std::unique_ptr<Alert>(new Alert(std::move(settings), *std::move(rules), std::move(options), host));
}

Alert::Alert(Settings settings, std::vector<Rule> rules, std::string state_options, Host host)
    : settings_(std::move(settings)),
      state_options_(std::move(state_options)),
      host_(host),
      order_(settings_, OnLate::drop, kHeldBytes, host),
      keys_(settings_.keys),
      rows_(settings_.keys),
      remarks_([host](std::string_view remark) { host.warning(remark); }),
      begun_(host.counter("alerts_begun")),
      ended_count_(host.counter("alerts_ended")),
      without_value_(host.counter("rows_without_value")),
      without_room_(host.counter("rows_without_room")) {
  for (auto& rule : rules) {
    const auto span = rule.span;
    watched_.push_back({std::move(rule), {}, Silence(span), {}, nullptr});
  }
}

int64_t Alert::now_us() const { return std::chrono::duration_cast<std::chrono::microseconds>(host_.now()).count(); }

Done Alert::open() {
  expect_single_key();
  return {};
}

void Alert::expect_single_key() {
  if (!settings_.keys.empty()) return;
  const auto key = table_.find_or_add({Key::kSeveral, {}});
  for (auto& watched : watched_)
    if (watched.rule.kind == Rule::Kind::silence) watched.silence.came(key, host_.monotonic());
}

Done Alert::intercept(Batch& batch) {
  order_.take(batch);
  see(batch);
  analytics::replace_rows(batch, rows_.take());
  return {};
}

std::chrono::nanoseconds Alert::deadline() {
  auto due = order_.deadline();
  if (has_ended_) return due;
  for (const auto& watched : watched_)
    if (watched.rule.kind == Rule::Kind::silence) due = std::min(due, watched.silence.due());
  return due;
}

Result<Batch> Alert::advance(std::chrono::nanoseconds now, bool ended) {
  has_ended_ = has_ended_ || ended;
  for (;;) {
    auto batch = order_.advance(now, ended);
    if (!batch) break;
    see(*batch);
    analytics::replace_rows(*batch, rows_.take());
    if (batch->rows() > 0 || !batch->rejections().empty()) return batch;
  }
  if (has_ended_) return idle();
  for (auto& watched : watched_) {
    if (watched.rule.kind != Rule::Kind::silence) continue;
    while (const auto missing = watched.silence.next(now)) {
      const int64_t time = now_us();
      begun_.add();
      rows_.add(table_.key(missing->key),
                {&watched.rule, true, time, time - analytics::microseconds(missing->away), std::nullopt});
    }
  }
  Batch told = rows_.take();
  if (told.rows() == 0) return idle();
  return told;
}

void Alert::see(const Batch& batch) {
  if (batch.rows() == 0) return;
  now_ = host_.monotonic();
  for (auto& watched : watched_) {
    watched.mask.reset(batch.rows(), 1);
    if (watched.rule.where) watched.rule.where->narrow(batch, watched.mask, remarks_);
    watched.column = watched.rule.column.empty() ? nullptr : batch.find(watched.rule.column);
  }
  keys_.read(batch);
  for (int64_t row = 0; row < batch.rows(); ++row) {
    KeyTable::Number key = KeyTable::kNone;
    for (auto& watched : watched_) {
      if (!watched.mask.data()[row]) continue;
      if (key == KeyTable::kNone) {
        const bool full = table_.size() >= static_cast<size_t>(settings_.max_keys);
        key = full ? table_.find(keys_[row]) : table_.find_or_add(keys_[row]);
        if (key == KeyTable::kNone) {
          without_room_.add();
          break;
        }
      }
      see(watched, row, order_.times()[static_cast<size_t>(row)], key);
    }
  }
}

void Alert::see(Watched& watched, int64_t row, int64_t time, KeyTable::Number key) {
  if (watched.rule.kind == Rule::Kind::silence) {
    const auto away = watched.rule.column.empty()
                          ? watched.silence.came(key, now_)
                          : watched.silence.came(key, value_mark(watched.column, row, text_), now_);
    if (!away) return;
    const int64_t now = now_us();
    ended_count_.add();
    rows_.add(table_.key(key), {&watched.rule, false, now, now - analytics::microseconds(*away), std::nullopt});
    return;
  }
  const auto value = watched.column ? number_of(*watched.column, row) : std::nullopt;
  if (!value) return without_value_.add();
  if (key >= watched.levels.size()) watched.levels.resize(key + 1);
  if (const auto change = watched.levels[key].see(watched.rule, time, *value)) tell(watched, key, *change, time);
}

void Alert::tell(const Watched& watched, KeyTable::Number key, const Level::Change& change, int64_t time) {
  (change.begins ? begun_ : ended_count_).add();
  rows_.add(table_.key(key), {&watched.rule, change.begins, time, change.since, change.value});
}

Done Alert::save(std::string& to) {
  StateWriter writer(to, kState, state_options_);
  order_.save(writer);
  table_.save_keys(writer);
  const auto now = host_.monotonic();
  for (const auto& watched : watched_) {
    if (watched.rule.kind == Rule::Kind::silence) {
      watched.silence.save(writer, now);
      continue;
    }
    writer.value(static_cast<uint64_t>(watched.levels.size()));
    for (const auto& level : watched.levels) level.save(writer);
  }
  writer.finish();
  return {};
}

Done Alert::load(std::string_view state) {
  if (state.empty()) {
    begin_anew();
    expect_single_key();
    return {};
  }
  auto reader = StateReader::open(state, kState, state_options_);
  if (!reader) return std::move(reader).error();
  begin_anew();
  order_.load(*reader);
  table_.load_keys(*reader, settings_.keys.size());
  const auto now = host_.monotonic();
  for (auto& watched : watched_) {
    if (watched.rule.kind == Rule::Kind::silence) {
      watched.silence.load(*reader, table_.size(), now);
      continue;
    }
    const auto count = reader->value<uint64_t>();
    if (count > table_.size()) reader->fail();
    for (uint64_t at = 0; at < count && reader->good(); ++at) watched.levels.emplace_back().load(*reader);
  }
  auto done = reader->finish();
  if (!done) {
    begin_anew();
    expect_single_key();
  }
  return done;
}

void Alert::begin_anew() {
  order_.forget();
  table_.clear();
  has_ended_ = false;
  for (auto& watched : watched_) {
    watched.levels.clear();
    watched.silence = Silence(watched.rule.span);
  }
}

}  // namespace levada::alert

LEVADA_PLUGIN("alert", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::alert::Alert>(
                  "alert", "Tells when rules over columns begin to be broken, and when that is over."))
