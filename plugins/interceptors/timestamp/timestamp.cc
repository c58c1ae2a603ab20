// The interceptor `timestamp`.
#include "timestamp.h"

namespace levada::timestamp {

Result<std::unique_ptr<Timestamp>> Timestamp::create(Settings settings, Host host) {
  if (settings.column.empty()) return wrong("column", "a column needs a name");
  if (settings.from && settings.from->empty()) return wrong("from", "a column needs a name");
  return std::unique_ptr<Timestamp>(new Timestamp(std::move(settings), host));
}

Timestamp::Timestamp(Settings settings, Host host)
    : settings_(std::move(settings)), host_(host), invalid_(host.counter("rows_without_time")) {}

std::optional<int64_t> Timestamp::time_in(const Column& from, int64_t row) const {
  switch (from.type()) {
    case Type::timestamp: return from.values<int64_t>()[row];
    case Type::int64: return timestamp::microseconds(from.values<int64_t>()[row], settings_.format);
    case Type::float64: return timestamp::microseconds(from.values<double>()[row], settings_.format);
    case Type::text:
    case Type::bytes:
    case Type::dictionary: return timestamp::microseconds(from.text(row), settings_.format);
    case Type::boolean:
    case Type::opaque: break;
  }
  return std::nullopt;
}

Done Timestamp::intercept(Batch& batch) {
  const auto* there = batch.find(settings_.column);
  // A column that is turned into times in its place is replaced in any case.
  const bool replace = settings_.overwrite || settings_.from == settings_.column;
  if (there && !replace && (there->type() != Type::timestamp || !there->has_nulls())) return {};

  const auto arrival_us = std::chrono::duration_cast<std::chrono::microseconds>(host_.now()).count();
  const Column* from = settings_.from ? batch.find(*settings_.from) : nullptr;
  int64_t invalid = 0;
  ValueBuilder<int64_t> times(batch.rows());
  for (int64_t row = 0; row < batch.rows(); ++row) {
    if (there && !replace && !there->null(row)) {
      times.append(there->values<int64_t>()[row]);
    } else if (!settings_.from) {
      times.append(arrival_us);
    } else {
      const bool null = !from || from->null(row);
      const auto time = null ? std::nullopt : time_in(*from, row);
      if (time) {
        times.append(*time);
        continue;
      }
      ++invalid;
      if (settings_.on_invalid == OnInvalid::arrival) {
        times.append(arrival_us);
        continue;
      }
      times.append_null();
      if (settings_.on_invalid == OnInvalid::null) continue;
      batch.reject(row, "the column \"" + *settings_.from + "\" " + (null ? "is missing" : "says no time"));
    }
  }
  invalid_.add(invalid);
  batch.set(std::move(times).finish(settings_.column, Type::timestamp));
  return {};
}

}  // namespace levada::timestamp

LEVADA_PLUGIN("timestamp", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::timestamp::Timestamp>(
                  "timestamp", "Adds the time at which a row arrived, or that another column says."))
