// Column by column. Where a row does not fit, all is done again without such rows, which are few.
#include "lake/fit.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/utf8.h>

#include <utility>

#include "lake/arrow_types.h"
#include "lake/conversions.h"

namespace levada::lake {
namespace {

using Array = std::shared_ptr<arrow::Array>;
using Buffers = std::vector<std::shared_ptr<arrow::Buffer>>;

// A value as a reason names it, cut where it is long.
std::string shown(const Column& column, int64_t row) {
  constexpr size_t kLongest = 60;
  char digits[40];
  switch (column.type()) {
    case Type::boolean: return column.boolean(row) ? "true" : "false";
    case Type::int64: return std::to_string(column.values<int64_t>()[row]);
    case Type::float64: return {digits, std::to_chars(digits, std::end(digits), column.values<double>()[row]).ptr};
    case Type::timestamp: {
      const auto time = column.values<int64_t>()[row];
      if (char* end = Rfc3339Writer().write(time, digits)) return {digits, end};
      return std::to_string(time) + " us";
    }
    case Type::text:
    case Type::bytes:
    case Type::dictionary: {
      const auto text = column.text(row);
      std::string safe = "\"";
      for (const char c : text.substr(0, kLongest)) safe += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
      if (text.size() > kLongest) safe += "...";
      return arrow::util::ValidateUTF8(safe) ? safe + "\"" : std::to_string(text.size()) + " bytes";
    }
    case Type::opaque: break;
  }
  return "a value";
}

class Fitting {
 public:
  Fitting(const LakeSchema& schema, Batch& batch) : schema_(schema), batch_(batch) {}

  Result<arrow::ArrayVector> run() {
    arrow::util::InitializeUTF8();
    arrow::ArrayVector arrays;
    for (const auto& field : schema_.fields()) {
      field_ = &field;
      column_ = batch_.find(field.name);
      auto array = column_ ? convert_column() : nulls();
      if (!array.ok()) return fatal("column \"" + field.name + "\": " + array.status().ToString());
      if (!field.nullable) require_values(**array);
      arrays.push_back(*std::move(array));
    }
    return arrays;
  }
  // Why a row does not fit; empty for those that do. Empty where all do.
  const std::vector<std::string>& reasons() const { return reasons_; }

  void fault(int64_t row, std::string reason) {
    if (reasons_.empty()) reasons_.resize(static_cast<size_t>(batch_.rows()));
    auto& first = reasons_[static_cast<size_t>(row)];
    if (first.empty()) first = std::move(reason);
  }

 private:
  std::string called() const { return "column \"" + field_->name + "\""; }
  void does_not_fit(int64_t row) {
    const auto kind = column_->type() == Type::opaque ? opaque_type_ : name_of(column_->type());
    fault(row, called() + ": " + shown(*column_, row) + " (" + kind + ") does not fit " + field_->type.name());
  }

  arrow::Result<Array> nulls() { return arrow::MakeArrayOfNull(arrow_type(field_->type), batch_.rows()); }

  void require_values(const arrow::Array& array) {
    if (array.null_count() == 0) return;
    for (int64_t row = 0; row < array.length(); ++row)
      if (array.IsNull(row)) fault(row, called() + " has no value, and is declared not null");
  }

  // The column as it is.
  arrow::Result<Array> import(const Column& column) const {
    ArrowArray array;
    ArrowSchema schema;
    levada::detail::share<ArrowArray>(column.array(), column.shared(), array);
    levada::detail::describe(column, schema);
    return arrow::ImportArray(&array, &schema);
  }
  // The same values under the type of the field.
  arrow::Result<Array> relabel(const Column& column) const {
    ARROW_ASSIGN_OR_RAISE(auto array, import(column));
    auto data = array->data()->Copy();
    data->type = arrow_type(field_->type);
    return arrow::MakeArray(std::move(data));
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> validity() const {
    if (!column_->has_nulls()) return std::shared_ptr<arrow::Buffer>();
    const auto& array = column_->array();
    return arrow::internal::CopyBitmap(arrow::default_memory_pool(), static_cast<const uint8_t*>(array.buffers[0]),
                                       array.offset, array.length);
  }
  arrow::Result<Array> made(Buffers values) const {
    ARROW_ASSIGN_OR_RAISE(values[0], validity());
    const int64_t nulls = values[0] ? arrow::kUnknownNullCount : 0;
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(field_->type), batch_.rows(), std::move(values), nulls));
  }

  // Values of fixed width: `value(row)` gives what `convert(value, to)` makes of it.
  template <class To, class Value, class Convert>
  arrow::Result<Array> each(Value value, Convert convert) {
    const int64_t rows = batch_.rows();
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                          arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(To))));
    auto* to = reinterpret_cast<To*>(buffer->mutable_data());
    const bool has_nulls = column_->has_nulls();
    for (int64_t row = 0; row < rows; ++row) {
      to[row] = To();
      if (has_nulls && column_->null(row)) continue;
      if (!convert(value(row), to[row])) does_not_fit(row);
    }
    return made({nullptr, std::move(buffer)});
  }
  template <class To, class Convert>
  arrow::Result<Array> from_integers(Convert convert) {
    return each<To>([values = column_->values<int64_t>()](int64_t row) { return values[row]; }, convert);
  }
  template <class To, class Convert>
  arrow::Result<Array> from_floats(Convert convert) {
    return each<To>([values = column_->values<double>()](int64_t row) { return values[row]; }, convert);
  }
  template <class To, class Convert>
  arrow::Result<Array> from_text(Convert convert) {
    return each<To>([this](int64_t row) { return column_->text(row); }, convert);
  }

  // None of its values fits; nulls do.
  arrow::Result<Array> none_fits() {
    for (int64_t row = 0; row < batch_.rows(); ++row)
      if (!column_->null(row)) does_not_fit(row);
    return nulls();
  }

  template <class To, class Convert>
  arrow::Result<Array> to_number(Convert convert) {
    if (column_->type() == Type::int64) return from_integers<To>(convert);
    if (column_->type() == Type::float64) return from_floats<To>(convert);
    if (column_->is_textual()) return from_text<To>(convert);
    return none_fits();
  }
  template <class To>
  arrow::Result<Array> to_number() {
    return to_number<To>([](auto from, To& to) { return convert(from, to); });
  }

  arrow::Result<Array> to_boolean() {
    if (column_->type() == Type::boolean) return relabel(*column_);
    if (!column_->is_textual()) return none_fits();
    BooleanBuilder values;
    for (int64_t row = 0; row < batch_.rows(); ++row) {
      const auto text = column_->text(row);
      if (column_->null(row)) values.append_null();
      else values.append(text == "true");
      if (!column_->null(row) && text != "true" && text != "false") does_not_fit(row);
    }
    return relabel(std::move(values).finish(column_->name()));
  }

  arrow::Result<Array> to_date() {
    if (column_->type() == Type::timestamp) return from_integers<int32_t>(ToDate());
    return column_->is_textual() ? from_text<int32_t>(ToDate()) : none_fits();
  }

  arrow::Result<Array> to_timestamp() {
    const ToTimestamp convert{field_->type.unit};
    const bool counts_units = column_->type() == Type::int64;
    if (counts_units || (column_->type() == Type::timestamp && convert.unit == TimeUnit::microseconds))
      return relabel(*column_);
    if (column_->type() == Type::timestamp) return from_integers<int64_t>(convert);
    return column_->is_textual() ? from_text<int64_t>(convert) : none_fits();
  }

  arrow::Result<Array> to_text() {
    switch (column_->type()) {
      case Type::text: return relabel(*column_);
      case Type::dictionary: return from_dictionary();
      case Type::bytes:
        for (int64_t row = 0; row < batch_.rows(); ++row) {
          const auto text = column_->text(row);
          if (!arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(text.data()),
                                         static_cast<int64_t>(text.size())))
            does_not_fit(row);
        }
        return relabel(*column_);
      case Type::opaque: return none_fits();
      default: break;
    }
    TextBuilder texts(batch_.rows());
    for (int64_t row = 0; row < batch_.rows(); ++row)
      column_->null(row) ? texts.append_null() : texts.append(shown(*column_, row));
    return relabel(std::move(texts).finish(column_->name(), Type::text));
  }

  arrow::Result<Array> to_bytes() {
    if (column_->type() == Type::dictionary) return from_dictionary();
    return column_->is_textual() ? relabel(*column_) : none_fits();
  }

  // The views of the dictionary, one for each row; their bytes stay where they are.
  arrow::Result<Array> from_dictionary() {
    ARROW_ASSIGN_OR_RAISE(auto imported, import(*column_));
    const auto& dictionary = *static_cast<const arrow::DictionaryArray&>(*imported).dictionary();
    const auto* indices = column_->values<int32_t>();
    const auto* entries = dictionary.data()->GetValues<View>(1);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                          arrow::AllocateBuffer(batch_.rows() * static_cast<int64_t>(sizeof(View))));
    ARROW_ASSIGN_OR_RAISE(auto valid, arrow::AllocateEmptyBitmap(batch_.rows()));
    auto* views = reinterpret_cast<View*>(buffer->mutable_data());
    int64_t nulls = 0;
    for (int64_t row = 0; row < batch_.rows(); ++row) {
      if (column_->null(row) || dictionary.IsNull(indices[row])) {
        views[row] = View{};
        ++nulls;
      } else {
        views[row] = entries[indices[row]];
        arrow::bit_util::SetBit(valid->mutable_data(), row);
      }
    }
    Buffers buffers = {nulls > 0 ? std::move(valid) : nullptr, std::move(buffer)};
    const auto& from = dictionary.data()->buffers;
    buffers.insert(buffers.end(), from.begin() + 2, from.end());
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(field_->type), batch_.rows(), std::move(buffers), nulls));
  }

  arrow::Result<Array> convert_column() {
    if (column_->type() == Type::opaque) {
      ARROW_ASSIGN_OR_RAISE(auto array, import(*column_));
      if (array->type_id() == arrow::Type::DICTIONARY) {
        const auto& numbers = static_cast<const arrow::DictionaryArray&>(*array);
        auto values = arrow::compute::Take(*numbers.dictionary(), *numbers.indices());
        if (values.ok()) array = *std::move(values);
      }
      if (array->type()->Equals(*arrow_type(field_->type))) return array;
      opaque_type_ = array->type()->ToString();
      if (array->type_id() == arrow::Type::NA) return nulls();
      return none_fits();
    }
    switch (field_->type.kind) {
      case Kind::boolean: return to_boolean();
      case Kind::int8: return to_number<int8_t>();
      case Kind::int16: return to_number<int16_t>();
      case Kind::int32: return to_number<int32_t>();
      case Kind::int64: return column_->type() == Type::int64 ? relabel(*column_) : to_number<int64_t>();
      case Kind::float32: return to_number<float>();
      case Kind::float64: return column_->type() == Type::float64 ? relabel(*column_) : to_number<double>();
      case Kind::decimal: return to_number<arrow::Decimal128>(ToDecimal{field_->type.precision, field_->type.scale});
      case Kind::date: return to_date();
      case Kind::timestamp: return to_timestamp();
      case Kind::text: return to_text();
      case Kind::bytes: return to_bytes();
      case Kind::other: break;
    }
    return none_fits();
  }

  const LakeSchema& schema_;
  Batch& batch_;
  const Field* field_ = nullptr;
  const Column* column_ = nullptr;
  std::string opaque_type_;
  std::vector<std::string> reasons_;
};

void reject_unknown_columns(const LakeSchema& schema, const Batch& batch, Fitting& fitting) {
  for (const auto& column : batch.columns()) {
    if (schema.find(column.name())) continue;
    for (int64_t row = 0; row < batch.rows(); ++row)
      fitting.fault(row, "column \"" + column.name() + "\" is not in the schema");
    return;
  }
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> fit(const LakeSchema& schema, Batch& batch, bool reject_unknown) {
  Fitting first(schema, batch);
  auto arrays = first.run();
  if (!arrays) return std::move(arrays).error();
  if (reject_unknown) reject_unknown_columns(schema, batch, first);
  int64_t rows = batch.rows();
  if (!first.reasons().empty()) {
    std::vector<int64_t> kept;
    for (int64_t row = 0; row < rows; ++row) {
      const auto& reason = first.reasons()[static_cast<size_t>(row)];
      if (reason.empty()) kept.push_back(row);
      else batch.reject(row, reason);
    }
    rows = static_cast<int64_t>(kept.size());
    Batch rest(batch.rows());
    for (const auto& column : batch.columns())
      if (schema.find(column.name())) rest.set(column);
    rest.take(kept);
    Fitting second(schema, rest);
    if (rows > 0) arrays = second.run();
    if (!arrays) return std::move(arrays).error();
  }
  if (rows == 0) return std::shared_ptr<arrow::RecordBatch>();
  return arrow::RecordBatch::Make(schema.to_arrow(), rows, *std::move(arrays));
}

}  // namespace levada::lake
