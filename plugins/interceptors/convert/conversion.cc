#include "conversion.h"

#include <cmath>
#include <optional>

#include "json/json_parser.h"
#include "levada/pattern.h"
#include "text/value_column.h"

namespace levada::convert {

namespace {

Type type_of(ValueType type) {
  constexpr Type kTypes[] = {Type::text, Type::bytes, Type::int64, Type::float64, Type::boolean, Type::timestamp};
  return kTypes[static_cast<size_t>(type)];
}

// Where 64 bits end, as doubles: the first that is too large.
constexpr double kInt64End = 9223372036854775808.0;

std::optional<int64_t> whole(double number) {
  if (!(number >= -kInt64End && number < kInt64End) || number != std::floor(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

constexpr int64_t kMicrosecondsIn[] = {1, 1'000'000, 1'000, 1, 1};

// Down, also before 1970; without a unit they stay microseconds.
std::optional<int64_t> in_unit(int64_t microseconds, TimeUnit unit) {
  int64_t result;
  if (unit == TimeUnit::nanoseconds)
    return __builtin_mul_overflow(microseconds, 1000, &result) ? std::nullopt : std::optional(result);
  const int64_t factor = kMicrosecondsIn[static_cast<size_t>(unit)];
  return microseconds / factor - (microseconds % factor < 0);
}

std::optional<int64_t> to_int64(const Column& from, int64_t row, TimeUnit unit) {
  switch (from.type()) {
    case Type::int64: return from.values<int64_t>()[row];
    case Type::timestamp: return in_unit(from.values<int64_t>()[row], unit);
    case Type::float64: return whole(from.values<double>()[row]);
    case Type::boolean: return from.boolean(row) ? 1 : 0;
    default: return std::nullopt;
  }
}

std::optional<double> to_float64(const Column& from, int64_t row, TimeUnit unit) {
  switch (from.type()) {
    case Type::int64: return static_cast<double>(from.values<int64_t>()[row]);
    case Type::float64: return from.values<double>()[row];
    case Type::boolean: return from.boolean(row) ? 1 : 0;
    case Type::timestamp: {
      const auto microseconds = static_cast<double>(from.values<int64_t>()[row]);
      return unit == TimeUnit::nanoseconds
                 ? microseconds * 1000
                 : microseconds / static_cast<double>(kMicrosecondsIn[static_cast<size_t>(unit)]);
    }
    default: return std::nullopt;
  }
}

std::optional<int64_t> to_timestamp(const Column& from, int64_t row, TimeUnit unit) {
  switch (from.type()) {
    case Type::timestamp: return from.values<int64_t>()[row];
    case Type::int64: return to_microseconds(from.values<int64_t>()[row], unit);
    case Type::float64: {
      if (unit == TimeUnit::none) return std::nullopt;
      const double number = from.values<double>()[row];
      const double microseconds = unit == TimeUnit::nanoseconds
                                      ? number / 1000
                                      : number * static_cast<double>(kMicrosecondsIn[static_cast<size_t>(unit)]);
      return whole(std::round(microseconds));
    }
    default: return std::nullopt;
  }
}

std::optional<bool> to_boolean(const Column& from, int64_t row) {
  switch (from.type()) {
    case Type::boolean: return from.boolean(row);
    case Type::int64: {
      const auto number = from.values<int64_t>()[row];
      return number == 0 || number == 1 ? std::optional(number == 1) : std::nullopt;
    }
    case Type::float64: {
      const auto number = from.values<double>()[row];
      return number == 0.0 || number == 1.0 ? std::optional(number == 1.0) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

// Fills a builder with the value of each row.
template <class Builder, class Value>
void fill(Builder& builder, const Column& from, const std::function<void(int64_t)>& misfit, Value value) {
  for (int64_t row = 0; row < from.rows(); ++row) {
    if (from.null(row)) {
      builder.append_null();
    } else if (const auto fit = value(row)) {
      builder.append(*fit);
    } else {
      builder.append_null();
      misfit(row);
    }
  }
}

Column from_text(const Column& column, const DeclaredColumn& to, const std::function<void(int64_t)>& misfit) {
  const Column from = resolved(column);
  ValueColumn values(to, from.rows());
  values.share(from);
  const Views views = from.views();
  for (int64_t row = 0; row < from.rows(); ++row) {
    if (from.null(row)) {
      values.append_null();
      continue;
    }
    const View& view = views.data()[row];
    const auto text = views.text(view);
    if (values.append_part(view, text, text)) continue;
    values.append_null();
    misfit(row);
  }
  return std::move(values).finish(from.name());
}

Column to_text(const Column& from, Type type, const std::function<void(int64_t)>& misfit) {
  TextBuilder texts(from.rows());
  std::string text;
  for (int64_t row = 0; row < from.rows(); ++row) {
    if (from.null(row) || from.type() == Type::opaque) {
      texts.append_null();
      if (!from.null(row)) misfit(row);
      continue;
    }
    text.clear();
    append_value(from, row, text);
    texts.append(text);
  }
  return std::move(texts).finish(from.name(), type);
}

}  // namespace

Column converted(const Column& from, const DeclaredColumn& to, const std::function<void(int64_t)>& misfit) {
  if (from.type() == type_of(to.type)) return from;
  if (from.is_textual()) return from_text(from, to, misfit);
  switch (to.type) {
    case ValueType::text:
    case ValueType::bytes: return to_text(from, type_of(to.type), misfit);
    case ValueType::boolean: {
      BooleanBuilder builder;
      fill(builder, from, misfit, [&](int64_t row) { return to_boolean(from, row); });
      return std::move(builder).finish(from.name());
    }
    case ValueType::float64: {
      ValueBuilder<double> builder(from.rows());
      fill(builder, from, misfit, [&](int64_t row) { return to_float64(from, row, to.unit); });
      return std::move(builder).finish(from.name(), Type::float64);
    }
    case ValueType::int64:
    case ValueType::timestamp: break;
  }
  ValueBuilder<int64_t> builder(from.rows());
  const bool is_time = to.type == ValueType::timestamp;
  fill(builder, from, misfit,
       [&](int64_t row) { return is_time ? to_timestamp(from, row, to.unit) : to_int64(from, row, to.unit); });
  return std::move(builder).finish(from.name(), type_of(to.type));
}

}  // namespace levada::convert
