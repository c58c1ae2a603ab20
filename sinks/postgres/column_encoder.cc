#include "column_encoder.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "decimal_column.h"
#include "json/json_writer.h"
#include "levada/nested.h"
#include "levada/time.h"
#include "numbers.h"
#include "postgres/types.h"
#include "text/text_value.h"

namespace levada::postgres_sink {

namespace {

using postgres::kEpochDays;
using postgres::kEpochMicroseconds;

constexpr int64_t kMicrosecondsADay = int64_t{86'400} * 1'000'000;

// A point in time, apart from a number.
struct Time {
  int64_t microseconds;
};

template <class Word>
Word big_endian(Word value) {
  if constexpr (sizeof(Word) == 2) return __builtin_bswap16(value);
  else if constexpr (sizeof(Word) == 4) return __builtin_bswap32(value);
  else if constexpr (sizeof(Word) == 8) return __builtin_bswap64(value);
  else return value;
}

void put_length(uint32_t length, char* to) {
  const auto word = big_endian(length);
  std::memcpy(to, &word, sizeof word);
}

// As PostgreSQL's own text of it.
template <class Number>
std::string_view number_text(Number number, char (&room)[32]) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  }
  return {room, static_cast<size_t>(std::to_chars(room, room + sizeof room, number).ptr - room)};
}

// Empty outside of the years 0 to 9999.
std::string_view time_text(Time time, Rfc3339Writer& writer, char (&room)[32]) {
  const char* end = writer.write(time.microseconds, room);
  return end ? std::string_view(room, static_cast<size_t>(end - room)) : std::string_view();
}

std::string shown(std::string_view text) {
  constexpr size_t kShown = 60;
  std::string all = "\"";
  for (const char c : text.substr(0, kShown)) all += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return all + (text.size() > kShown ? "...\"" : "\"");
}

}  // namespace

bool ColumnEncoder::is_cast(const TableColumn& target) {
  using namespace postgres;
  if (target.is_enum) return false;
  for (const Oid known :
       {kBoolean, kBytes, kName,   kInt8,    kInt2, kInt4,      kText,        kOid,     kJson, kCidr, kFloat4,
        kFloat8,  kInet,  kBpchar, kVarchar, kDate, kTimestamp, kTimestampTz, kNumeric, kUuid, kJsonb})
    if (target.type == known) return false;
  return true;
}

void ColumnEncoder::misfit(int64_t row, std::string_view value) {
  misfits_->add(row, "column \"" + target_->name + "\": " + shown(value) + " does not fit " + target_->type_text);
}

void ColumnEncoder::misfit_of_type(int64_t row, Type type) {
  misfits_->add(row, "column \"" + target_->name + "\": " + name_of(type) + " does not fit " + target_->type_text);
}

template <class Visit>
void ColumnEncoder::each(const Column& column, Visit&& visit) {
  const auto over = [&](auto&& value_of) {
    for (int64_t row = 0; row < column.rows(); ++row)
      if (!column.null(row)) visit(row, value_of(row));
  };
  switch (column.type()) {
    case Type::boolean: return over([&](int64_t row) { return column.boolean(row); });
    case Type::int64: return over([values = column.values<int64_t>()](int64_t row) { return values[row]; });
    case Type::float64: return over([values = column.values<double>()](int64_t row) { return values[row]; });
    case Type::timestamp: return over([values = column.values<int64_t>()](int64_t row) { return Time{values[row]}; });
    case Type::text:
    case Type::bytes: return over([views = column.views()](int64_t row) { return views[row]; });
    case Type::dictionary: return over([&](int64_t row) { return column.text(row); });
    case Type::opaque: break;
  }
}

void ColumnEncoder::begin_words(size_t width) {
  width_ = width;
  words_.assign(static_cast<size_t>(column_.rows()), 0);
}

void ColumnEncoder::begin_views() {
  width_ = 0;
  views_.assign(static_cast<size_t>(column_.rows()), {});
  arena_.clear();
  pieces_.clear();
  made_rows_.clear();
}

void ColumnEncoder::finish_made() {
  for (size_t at = 0; at < pieces_.size(); ++at)
    views_[static_cast<size_t>(made_rows_[at])] = std::string_view(arena_).substr(pieces_[at].offset, pieces_[at].size);
}

Column ColumnEncoder::as_json(const Column& column) const {
  JsonStyle style;
  style.write_nulls = true;
  JsonWriter writer({column.renamed("v")}, style);
  constexpr size_t kBefore = 5, kBehind = 1;  // {"v": and }
  TextBuilder texts(column.rows());
  std::string room;
  for (int64_t row = 0; row < column.rows(); ++row) {
    if (column.null(row)) {
      texts.append_null();
      continue;
    }
    if (room.size() < writer.bound(row)) room.resize(2 * writer.bound(row));
    const char* end = writer.write(row, room.data());
    texts.append({room.data() + kBefore, static_cast<size_t>(end - room.data()) - kBefore - kBehind});
  }
  return std::move(texts).finish(column.name(), Type::text);
}

Column ColumnEncoder::as_texts(const Column& column) const {
  const auto decimal = DecimalColumn::of(column);
  if (!is_date(column) && !decimal) return as_json(column);
  TextBuilder texts(column.rows());
  Rfc3339Writer times;
  char room[32];
  std::string text;
  for (int64_t row = 0; row < column.rows(); ++row) {
    if (column.null(row)) {
      texts.append_null();
    } else if (decimal) {
      decimal->text(row, text);
      texts.append(text);
    } else {
      const auto day = time_text(Time{column.values<int32_t>()[row] * kMicrosecondsADay}, times, room);
      texts.append(day.substr(0, 10));
    }
  }
  return std::move(texts).finish(column.name(), Type::text);
}

void ColumnEncoder::bind_boolean(const Column& column) {
  begin_words(1);
  each(column, [&](int64_t row, auto value) {
    using Value = decltype(value);
    auto& word = words_[static_cast<size_t>(row)];
    if constexpr (std::is_same_v<Value, bool>) {
      word = value ? 1 : 0;
    } else if constexpr (std::is_same_v<Value, int64_t>) {
      if (value != 0 && value != 1) return misfit(row, std::to_string(value));
      word = static_cast<uint64_t>(value);
    } else if constexpr (std::is_same_v<Value, std::string_view>) {
      const auto read = read_boolean(value);
      if (!read) return misfit(row, value);
      word = *read ? 1 : 0;
    } else {
      misfit_of_type(row, column.type());
    }
  });
}

void ColumnEncoder::bind_whole(const Column& column, size_t width, int64_t least, int64_t most) {
  begin_words(width);
  char room[32];
  each(column, [&](int64_t row, auto value) {
    using Value = decltype(value);
    auto& word = words_[static_cast<size_t>(row)];
    if constexpr (std::is_same_v<Value, int64_t>) {
      if (value < least || value > most) return misfit(row, number_text(value, room));
      word = static_cast<uint64_t>(value);
    } else if constexpr (std::is_same_v<Value, double>) {
      // What 64 bits hold, before it is made such a number.
      if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0) || value != std::trunc(value) ||
          static_cast<int64_t>(value) < least || static_cast<int64_t>(value) > most)
        return misfit(row, number_text(value, room));
      word = static_cast<uint64_t>(static_cast<int64_t>(value));
    } else if constexpr (std::is_same_v<Value, std::string_view>) {
      const auto read = read_int64(value);
      if (!read || *read < least || *read > most) return misfit(row, value);
      word = static_cast<uint64_t>(*read);
    } else {
      misfit_of_type(row, column.type());
    }
  });
}

void ColumnEncoder::bind_float(const Column& column, size_t width) {
  begin_words(width);
  char room[32];
  const auto put = [&](int64_t row, double value, std::string_view text) {
    auto& word = words_[static_cast<size_t>(row)];
    if (width == 8) {
      word = std::bit_cast<uint64_t>(value);
      return;
    }
    const auto narrow = static_cast<float>(value);
    if (std::isinf(narrow) && !std::isinf(value)) return misfit(row, text.empty() ? number_text(value, room) : text);
    word = std::bit_cast<uint32_t>(narrow);
  };
  each(column, [&](int64_t row, auto value) {
    using Value = decltype(value);
    if constexpr (std::is_same_v<Value, double> || std::is_same_v<Value, int64_t>) {
      put(row, static_cast<double>(value), {});
    } else if constexpr (std::is_same_v<Value, std::string_view>) {
      const auto read = read_float64(value);
      if (!read) return misfit(row, value);
      put(row, *read, value);
    } else {
      misfit_of_type(row, column.type());
    }
  });
}

void ColumnEncoder::bind_time(const Column& column) {
  begin_words(8);
  const auto put = [&](int64_t row, int64_t microseconds, std::string_view text) {
    int64_t since_2000;
    if (__builtin_sub_overflow(microseconds, kEpochMicroseconds, &since_2000)) return misfit(row, text);
    words_[static_cast<size_t>(row)] = static_cast<uint64_t>(since_2000);
  };
  each(column, [&](int64_t row, auto value) {
    using Value = decltype(value);
    if constexpr (std::is_same_v<Value, Time>) {
      put(row, value.microseconds, "a time");
    } else if constexpr (std::is_same_v<Value, std::string_view>) {
      const auto read = value.size() == 10 ? days_of(value) : read_timestamp(value, TimeUnit::none);
      if (!read) return misfit(row, value);
      put(row, value.size() == 10 ? *read * kMicrosecondsADay : *read, value);
    } else {
      misfit_of_type(row, column.type());
    }
  });
}

void ColumnEncoder::bind_date(const Column& column) {
  begin_words(4);
  const auto put = [&](int64_t row, int64_t days, std::string_view text) {
    const int64_t since_2000 = days - kEpochDays;
    if (since_2000 < std::numeric_limits<int32_t>::min() || since_2000 > std::numeric_limits<int32_t>::max())
      return misfit(row, text);
    words_[static_cast<size_t>(row)] = static_cast<uint32_t>(static_cast<int32_t>(since_2000));
  };
  if (is_date(column_)) {
    for (int64_t row = 0; row < column_.rows(); ++row)
      if (!column_.null(row)) put(row, column_.values<int32_t>()[row], "a date");
    return;
  }
  each(column, [&](int64_t row, auto value) {
    using Value = decltype(value);
    if constexpr (std::is_same_v<Value, Time>) {
      put(row, value.microseconds / kMicrosecondsADay - (value.microseconds % kMicrosecondsADay < 0 ? 1 : 0), "a time");
    } else if constexpr (std::is_same_v<Value, std::string_view>) {
      const auto days = days_of(value);
      if (!days) return misfit(row, value);
      put(row, *days, value);
    } else {
      misfit_of_type(row, column.type());
    }
  });
}

void ColumnEncoder::bind_text(const Column& column) {
  begin_views();
  const bool is_bytes = column.type() == Type::bytes;
  Rfc3339Writer times;
  char room[32];
  each(column, [&](int64_t row, auto value) {
    using Value = decltype(value);
    if constexpr (std::is_same_v<Value, std::string_view>) {
      if (std::memchr(value.data(), 0, value.size()))
        return misfits_->add(
            row, "column \"" + target_->name + "\": has a zero byte, which " + target_->type_text + " cannot hold");
      if (is_bytes && !simdjson::validate_utf8(value))
        return misfits_->add(row, "column \"" + target_->name + "\": is not UTF-8");
      views_[static_cast<size_t>(row)] = value;
    } else {
      const auto start = arena_.size();
      if constexpr (std::is_same_v<Value, bool>) {
        arena_ += value ? "true" : "false";
      } else if constexpr (std::is_same_v<Value, Time>) {
        const auto text = time_text(value, times, room);
        if (text.empty()) return misfit_of_type(row, Type::timestamp);
        arena_ += text;
      } else {
        arena_ += number_text(value, room);
      }
      take_made(row, start);
    }
  });
  finish_made();
}

void ColumnEncoder::bind_bytes(const Column& column) {
  begin_views();
  each(column, [&](int64_t row, auto value) {
    if constexpr (std::is_same_v<decltype(value), std::string_view>) views_[static_cast<size_t>(row)] = value;
    else misfit_of_type(row, column.type());
  });
}

template <class Append>
void ColumnEncoder::bind_made(const Column& column, Append&& append) {
  begin_views();
  each(column, [&](int64_t row, auto value) {
    using Value = decltype(value);
    char room[32];
    std::string_view text;
    if constexpr (std::is_same_v<Value, std::string_view>) text = value;
    else if constexpr (std::is_same_v<Value, int64_t> || std::is_same_v<Value, double>) text = number_text(value, room);
    else return misfit_of_type(row, column.type());
    const auto start = arena_.size();
    if (!append(text, arena_)) return misfit(row, text);
    take_made(row, start);
  });
  finish_made();
}

void ColumnEncoder::bind(const Column& column, const TableColumn& target, Misfits& misfits) {
  using namespace postgres;
  target_ = &target;
  misfits_ = &misfits;
  const bool is_json = target.type == kJson || target.type == kJsonb;
  column_ = column;
  has_version_ = target.type == kJsonb;
  Column values = column;
  if (is_json && !column.is_textual()) values = column_ = as_json(column);
  else if (column.type() == Type::opaque) values = as_texts(column);
  // A date stays what it is for a date.
  if (column.type() == Type::opaque && target.type != kDate) column_ = values;
  switch (target.type) {
    case kBoolean: return bind_boolean(values);
    case kInt2: return bind_whole(values, 2, -32'768, 32'767);
    case kInt4: return bind_whole(values, 4, -2'147'483'648, 2'147'483'647);
    case kInt8: return bind_whole(values, 8, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
    case kOid: return bind_whole(values, 4, 0, std::numeric_limits<uint32_t>::max());
    case kFloat4: return bind_float(values, 4);
    case kFloat8: return bind_float(values, 8);
    case kTimestamp:
    case kTimestampTz: return bind_time(values);
    case kDate: return bind_date(values);
    case kBytes: return bind_bytes(values);
    case kNumeric: return bind_made(values, append_numeric);
    case kUuid: return bind_made(values, append_uuid);
    case kInet:
    case kCidr:
      return bind_made(values, [network = target.type == kCidr](std::string_view text, std::string& to) {
        return append_address(text, network, to);
      });
    default: return bind_text(values);
  }
}

void ColumnEncoder::add_sizes(std::vector<size_t>& sizes) const {
  if (width_ > 0 && !column_.has_nulls()) {
    for (auto& size : sizes) size += 4 + width_;
    return;
  }
  const size_t more = has_version_ ? 1 : 0;
  for (size_t row = 0; row < sizes.size(); ++row) {
    sizes[row] += 4;
    if (!column_.null(static_cast<int64_t>(row))) sizes[row] += width_ > 0 ? width_ : views_[row].size() + more;
  }
}

template <class Word>
void ColumnEncoder::write_words(int64_t first, int64_t end, char** cursors) const {
  const bool has_nulls = column_.has_nulls();
  for (int64_t row = first; row < end; ++row) {
    char*& to = cursors[row - first];
    if (has_nulls && column_.null(row)) {
      put_length(0xFFFFFFFF, to);
      to += 4;
      continue;
    }
    put_length(sizeof(Word), to);
    const auto word = big_endian(static_cast<Word>(words_[static_cast<size_t>(row)]));
    std::memcpy(to + 4, &word, sizeof word);
    to += 4 + sizeof word;
  }
}

void ColumnEncoder::write_views(int64_t first, int64_t end, char** cursors) const {
  const size_t more = has_version_ ? 1 : 0;
  const bool has_nulls = column_.has_nulls();
  for (int64_t row = first; row < end; ++row) {
    char*& to = cursors[row - first];
    if (has_nulls && column_.null(row)) {
      put_length(0xFFFFFFFF, to);
      to += 4;
      continue;
    }
    const auto view = views_[static_cast<size_t>(row)];
    put_length(static_cast<uint32_t>(view.size() + more), to);
    to += 4;
    if (has_version_) *to++ = 1;
    to = std::copy(view.begin(), view.end(), to);
  }
}

void ColumnEncoder::write(int64_t first, int64_t end, char** cursors) const {
  switch (width_) {
    case 1: return write_words<uint8_t>(first, end, cursors);
    case 2: return write_words<uint16_t>(first, end, cursors);
    case 4: return write_words<uint32_t>(first, end, cursors);
    case 8: return write_words<uint64_t>(first, end, cursors);
    default: return write_views(first, end, cursors);
  }
}

}  // namespace levada::postgres_sink
