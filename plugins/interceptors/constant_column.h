// A column that says the same in each row; `static` and `host` add such.
#pragma once

#include <string>
#include <utility>

#include "levada/batch.h"

namespace levada {

class ConstantColumn {
 public:
  ConstantColumn(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}

  // Adds it. Where the batch has a column of that name, only its nulls are filled, or all of it
  // with `overwrite`; one that holds no text is then left as it is.
  void add_to(Batch& batch, bool overwrite) {
    const auto* there = batch.find(name_);
    if (overwrite || !there) {
      if (rows_ != batch.rows()) {
        column_ = repeat(name_, text_, batch.rows());
        rows_ = batch.rows();
      }
      batch.set(column_);
    } else if (there->has_nulls() && there->is_textual()) {
      batch.set(filled(*there));
    }
  }

 private:
  Column filled(const Column& column) const {
    const bool dictionary = column.type() == Type::dictionary;
    TextBuilder texts(column.rows());
    const auto first = dictionary ? 0 : texts.share(column);
    for (int64_t row = 0; row < column.rows(); ++row) {
      if (column.null(row)) texts.append(text_);
      else if (dictionary) texts.append(column.text(row));
      else texts.append_view(column.views().data()[row], first);
    }
    return std::move(texts).finish(name_, dictionary ? Type::text : column.type());
  }

  std::string name_, text_;
  Column column_;  // Made for the last batch; one of as many rows shares it.
  int64_t rows_ = -1;
};

}  // namespace levada
