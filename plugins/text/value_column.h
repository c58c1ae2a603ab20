// Builds a column of a declared type out of texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "levada/builders.h"
#include "text/declared_column.h"

namespace levada {

class ValueColumn {
 public:
  ValueColumn(const DeclaredColumn& declared, int64_t rows);

  // From now on texts may be parts of that column's, and are not copied then.
  void share(const Column& column);
  // False, and nothing is added, where the text is no value of the type.
  bool append(std::string_view text);
  // The same for a part of `whole`, the text of `view` of the column that is shared.
  bool append_part(const View& view, std::string_view whole, std::string_view part);
  void append_null();

  Column finish(std::string name) &&;

 private:
  bool is_text() const { return type_ == ValueType::text || type_ == ValueType::bytes; }
  bool is_valid_text(std::string_view text) const;

  ValueType type_;
  TimeUnit unit_;
  int32_t first_buffer_ = 0;
  std::variant<TextBuilder, ValueBuilder<int64_t>, ValueBuilder<double>, BooleanBuilder> builder_;
};

}  // namespace levada
