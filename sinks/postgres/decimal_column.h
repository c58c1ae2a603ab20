// Dates and decimals, which are opaque columns of a batch: what their Arrow arrays hold.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "levada/column.h"

namespace levada::postgres_sink {

__extension__ using Int128 = __int128;
__extension__ using UnsignedInt128 = unsigned __int128;

// Days since 1970, of 32 bits.
inline bool is_date(const Column& column) {
  return column.type() == Type::opaque && column.schema() && std::string_view(column.schema()->format) == "tdD";
}

// A column of whole numbers of 128 bits, each with `scale` digits behind the point.
class DecimalColumn {
 public:
  // Nothing where it is another column.
  static std::optional<DecimalColumn> of(const Column& column) {
    if (column.type() != Type::opaque || !column.schema()) return std::nullopt;
    int precision = 0, scale = 0, bits = 128;
    const std::string format = column.schema()->format;
    const int read = std::sscanf(format.c_str(), "d:%d,%d,%d", &precision, &scale, &bits);
    if (read < 2 || bits != 128 || precision < 1 || scale < 0 || scale > precision) return std::nullopt;
    return DecimalColumn(column, precision, scale);
  }

  int precision() const { return precision_; }
  int scale() const { return scale_; }
  // The value of a row that is not null, "-12.50", put in place of what `to` holds.
  void text(int64_t row, std::string& to) const {
    Int128 value;
    std::memcpy(&value, static_cast<const char*>(array_->buffers[1]) + 16 * (array_->offset + row), 16);
    auto left = value < 0 ? -static_cast<UnsignedInt128>(value) : static_cast<UnsignedInt128>(value);
    to.clear();
    for (int digits = 0; left != 0 || digits <= scale_; ++digits, left /= 10) {
      if (digits == scale_ && scale_ > 0) to += '.';
      to += static_cast<char>('0' + static_cast<int>(left % 10));
    }
    if (value < 0) to += '-';
    for (size_t at = 0; at < to.size() / 2; ++at) std::swap(to[at], to[to.size() - 1 - at]);
  }

 private:
  DecimalColumn(const Column& column, int precision, int scale)
      : array_(column.shared()), precision_(precision), scale_(scale) {}

  std::shared_ptr<const ArrowArray> array_;
  int precision_, scale_;
};

}  // namespace levada::postgres_sink
