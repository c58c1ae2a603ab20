#include "cell_builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "json/decimal.h"
#include "json/eight_bytes.h"
#include "json/json_text.h"
#include "levada/time.h"

namespace levada::parse_json {

namespace {

bool is_number(std::string_view value) { return value[0] == '-' || (value[0] >= '0' && value[0] <= '9'); }

std::optional<int64_t> parse_integer(std::string_view number) {
  int64_t value;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc() && end == number.data() + number.size()) return value;
  return parse_whole(number);
}

// The same for a number within a text: nearly all are a few digits.
std::optional<int64_t> parse_integer(std::string_view text, std::string_view number) {
  uint64_t digits;
  if (number.size() <= 16 && number.data() - text.data() >= 8 && read_digits(number, digits))
    return static_cast<int64_t>(digits);
  return parse_integer(number);
}

std::optional<int64_t> parse_epoch(std::string_view number, TimeUnit unit) {
  if (unit == TimeUnit::none) return std::nullopt;
  const int64_t factor = unit == TimeUnit::seconds ? 1'000'000 : unit == TimeUnit::milliseconds ? 1'000 : 1;
  if (const auto count = parse_integer(number)) {
    if (unit == TimeUnit::nanoseconds) return *count / 1000 - (*count % 1000 < 0);
    int64_t microseconds;
    if (__builtin_mul_overflow(*count, factor, &microseconds)) return std::nullopt;
    return microseconds;
  }
  if (!parse_decimal(number)) return std::nullopt;
  const auto real = parse_double(number);
  if (!real) return std::nullopt;
  const double microseconds =
      std::floor(unit == TimeUnit::nanoseconds ? *real / 1000 : *real * static_cast<double>(factor) + 0.5);
  if (std::abs(microseconds) >= 9.2e18) return std::nullopt;
  return static_cast<int64_t>(microseconds);
}

}  // namespace

std::string_view kind_of(std::string_view value) {
  switch (value[0]) {
    case '"': return "a string";
    case '{': return "an object";
    case '[': return "an array";
    case 't':
    case 'f': return "a boolean";
    case 'n': return "null";
    default: return "a number";
  }
}

CellBuilder::CellBuilder(CellType type, TimeUnit unit, const Column& body)
    : type_(type),
      unit_(unit),
      is_string_(type == CellType::text || type == CellType::bytes),
      builder_(std::in_place_index<3>),
      rows_(body.rows()) {
  switch (type) {
    case CellType::int64:
    case CellType::timestamp:
      numbers_ = reinterpret_cast<char*>(builder_.emplace<1>(body.rows()).extend(body.rows()));
      break;
    case CellType::float64:
      numbers_ = reinterpret_cast<char*>(builder_.emplace<2>(body.rows()).extend(body.rows()));
      break;
    case CellType::boolean: rows_ = 0; break;
    case CellType::text:
    case CellType::bytes:
    case CellType::json: {
      auto& texts = builder_.emplace<0>(body.rows());
      first_buffer_ = texts.share(body);
      views_ = texts.extend(body.rows());
      break;
    }
  }
}

void CellBuilder::append_first_null() {
  if (auto* booleans = std::get_if<BooleanBuilder>(&builder_)) return booleans->append_null();
  if (row_ == rows_) grow();
  if (!bits_) {
    const auto bytes = static_cast<size_t>(rows_ / 8 + 1);
    bits_ = Buffer(bytes);
    valid_ = bits_.as<uint8_t>();
    std::memset(valid_, 0xff, bytes);
  }
  append_null();
}

void CellBuilder::grow() {
  const auto more = std::max<int64_t>(rows_, 64);
  const auto extend = [&](auto& builder) {
    builder.filled(row_ - builder.rows());
    return builder.extend(more);
  };
  if (auto* texts = std::get_if<0>(&builder_)) views_ = extend(*texts) - row_;
  else if (auto* integers = std::get_if<1>(&builder_)) numbers_ = reinterpret_cast<char*>(extend(*integers) - row_);
  else if (auto* reals = std::get_if<2>(&builder_)) numbers_ = reinterpret_cast<char*>(extend(*reals) - row_);
  rows_ += more;
  if (!bits_) return;
  const auto used = static_cast<size_t>(row_ / 8 + 1), bytes = static_cast<size_t>(rows_ / 8 + 1);
  bits_.grow(bytes, used);
  valid_ = bits_.as<uint8_t>();
  std::memset(valid_ + used, 0xff, bytes - used);
}

bool CellBuilder::append_any(const Document& document, std::string_view value) {
  switch (type_) {
    case CellType::text:
    case CellType::bytes:
      if (append_string(document, value)) return true;
      break;
    case CellType::json: append_raw(document, value); return true;
    case CellType::int64:
      if (!is_number(value)) break;
      if (const auto number = parse_integer(document.text, value)) return append_number(*number), true;
      break;
    case CellType::float64:
      if (!is_number(value)) break;
      if (const auto number = parse_double(value)) return append_number(*number), true;
      break;
    case CellType::boolean:
      if (value == "true" || value == "false") return std::get_if<3>(&builder_)->append(value[0] == 't'), true;
      break;
    case CellType::timestamp:
      if (append_time(document, value)) return true;
      break;
  }
  append_null();
  return false;
}

bool CellBuilder::append_string(const Document& document, std::string_view value) {
  if (value[0] != '"') return false;
  const auto content = value.substr(1, value.size() - 2);
  if (!document.has_escapes || content.find('\\') == std::string_view::npos) {
    append_raw(document, content);
    return true;
  }
  unescaped_.clear();
  if (!unescape(content, unescaped_)) return false;
  if (row_ == rows_) grow();
  auto& texts = *std::get_if<0>(&builder_);
  texts.filled(row_ - texts.rows());
  texts.append(unescaped_);
  ++row_;
  return true;
}

bool CellBuilder::append_time(const Document& document, std::string_view value) {
  std::optional<int64_t> time;
  if (value[0] == '"') {
    auto content = value.substr(1, value.size() - 2);
    if (document.has_escapes && content.find('\\') != std::string_view::npos) {
      unescaped_.clear();
      if (!unescape(content, unescaped_)) return false;
      content = unescaped_;
    }
    time = parse_rfc3339(content);
    if (!time) time = parse_epoch(content, unit_);
  } else {
    time = parse_epoch(value, unit_);
  }
  if (!time) return false;
  append_number(*time);
  return true;
}

Column CellBuilder::finish(std::string name) && {
  const auto finished = [&](auto& builder, Type type) {
    builder.filled(row_ - builder.rows());
    return with_nulls(std::move(builder).finish(std::move(name), type));
  };
  switch (type_) {
    case CellType::int64: return finished(*std::get_if<1>(&builder_), Type::int64);
    case CellType::timestamp: return finished(*std::get_if<1>(&builder_), Type::timestamp);
    case CellType::float64: return finished(*std::get_if<2>(&builder_), Type::float64);
    case CellType::boolean: return std::move(*std::get_if<3>(&builder_)).finish(std::move(name));
    case CellType::text:
    case CellType::json:
    case CellType::bytes: break;
  }
  return finished(*std::get_if<0>(&builder_), type_ == CellType::bytes ? Type::bytes : Type::text);
}

Column CellBuilder::with_nulls(Column column) const {
  if (nulls_ == 0) return column;
  const ArrowArray& array = column.array();
  auto held = std::make_unique<detail::Held>();
  held->arrays = {column.shared()};
  held->pointers.assign(array.buffers, array.buffers + array.n_buffers);
  held->pointers[0] = bits_.data();
  held->buffers = {bits_};
  auto made = detail::array_of(std::move(held), array.length, nulls_);
  return Column::adopt(column.name(), column.type(), made);
}

}  // namespace levada::parse_json
