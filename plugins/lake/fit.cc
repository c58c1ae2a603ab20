// Column by column. Where a row does not fit, all is done again without such rows, which are few.
#include "lake/fit.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/utf8.h>

#include <utility>

#include "lake/arrow_types.h"
#include "lake/conversions.h"
#include "lake/memory.h"
#include "levada/nested.h"

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
  // `reject_unknown`: rows with a value in a member of a struct that the schema does not have.
  Fitting(const LakeSchema& schema, Batch& batch, bool reject_unknown)
      : schema_(schema), batch_(batch), reject_unknown_(reject_unknown) {}

  Result<arrow::ArrayVector> run() {
    arrow::util::InitializeUTF8();
    arrow::ArrayVector arrays;
    for (const auto& field : schema_.fields()) {
      const auto* column = batch_.find(field.name);
      if (!column && !field.nullable)
        for (int64_t row = 0; row < batch_.rows(); ++row) add_reason(row, no_value(field.name, ""));
      auto array = column ? fit_column(field, *column, nullptr)
                          : arrow::MakeArrayOfNull(arrow_type(field.type), batch_.rows(), memory_pool());
      if (!array.ok()) return fatal("column \"" + field.name + "\": " + array.status().ToString());
      arrays.push_back(*std::move(array));
    }
    return arrays;
  }
  // Why a row does not fit; empty for those that do. Empty where all do.
  const std::vector<std::string>& reasons() const { return reasons_; }

  void add_reason(int64_t row, std::string reason) {
    if (reasons_.empty()) reasons_.resize(static_cast<size_t>(batch_.rows()));
    auto& first = reasons_[static_cast<size_t>(row)];
    if (first.empty()) first = std::move(reason);
  }

 private:
  // A column at hand: one of the batch, or one within the column above it.
  struct Level {
    const Field& field;
    const Column& column;
    const Nested* lists;  // Of which it is the items; null: it has the rows of the one above.
    Level* above;
    std::string type_of_opaque = {};
  };
  const Field& field() const { return level_->field; }
  const Column& column() const { return level_->column; }
  int64_t rows() const { return level_->column.rows(); }

  arrow::Result<Array> fit_column(const Field& field, const Column& column, const Nested* lists) {
    Level level{field, column, lists, level_};
    level_ = &level;
    auto array = convert_column();
    if (array.ok() && level.above && field.type.kind == Kind::text) array = with_offsets<arrow::StringBuilder>(**array);
    if (array.ok() && level.above && field.type.kind == Kind::bytes)
      array = with_offsets<arrow::BinaryBuilder>(**array);
    if (array.ok() && !field.nullable && (*array)->null_count() > 0)
      for (int64_t row = 0; row < rows(); ++row)
        if ((*array)->IsNull(row)) fault(row, "", no_value);
    level_ = level.above;
    return array;
  }

  template <class Builder>
  static arrow::Result<Array> with_offsets(const arrow::Array& array) {
    const auto& views = static_cast<const arrow::BinaryViewArray&>(array);
    Builder builder(memory_pool());
    int64_t bytes = 0;
    for (int64_t row = 0; row < views.length(); ++row)
      bytes += views.IsNull(row) ? 0 : static_cast<int64_t>(views.GetView(row).size());
    ARROW_RETURN_NOT_OK(builder.Reserve(views.length()));
    ARROW_RETURN_NOT_OK(builder.ReserveData(bytes));
    for (int64_t row = 0; row < views.length(); ++row)
      views.IsNull(row) ? builder.UnsafeAppendNull() : builder.UnsafeAppend(views.GetView(row));
    return builder.Finish();
  }

  // Rejects the batch's row that a row of the column at hand belongs to, unless it belongs to
  // nobody: what it is in is null. `reason` makes the reason out of the column's name and the place
  // in it, " at user.tags[3]"; `member`: where in that row, ".name".
  template <class Reason>
  void fault(int64_t row, std::string member, Reason reason) {
    const Level* level = level_;
    for (; level->above; level = level->above) {
      if (level->lists) {
        const auto list = level->lists->row_of(row);
        member = "[" + std::to_string(row - level->lists->begin(list)) + "]" + member;
        row = list;
      } else {
        member = "." + level->field.name + member;
      }
      if (level->above->column.null(row)) return;
    }
    const auto& name = level->field.name;
    add_reason(row, reason(name, member.empty() ? "" : " at " + name + member));
  }
  static std::string no_value(const std::string& name, const std::string& place) {
    return "column \"" + name + "\" has no value" + place + ", and is declared not null";
  }
  void does_not_fit(int64_t row) {
    if (column().type() == Type::opaque && level_->type_of_opaque.empty()) {
      auto array = import(column());
      level_->type_of_opaque = array.ok() ? (*array)->type()->ToString() : "unknown";
    }
    const auto kind = column().type() == Type::opaque ? level_->type_of_opaque : name_of(column().type());
    fault(row, "", [&](const std::string& name, const std::string& place) {
      return "column \"" + name + "\": " + shown(column(), row) + " (" + kind + ")" + place + " does not fit " +
             field().type.name();
    });
  }

  arrow::Result<Array> nulls() const { return arrow::MakeArrayOfNull(arrow_type(field().type), rows(), memory_pool()); }

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
    data->type = arrow_type(field().type);
    return arrow::MakeArray(std::move(data));
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> validity() const {
    if (!column().has_nulls()) return std::shared_ptr<arrow::Buffer>();
    const auto& array = column().array();
    return arrow::internal::CopyBitmap(memory_pool(), static_cast<const uint8_t*>(array.buffers[0]), array.offset,
                                       array.length);
  }
  arrow::Result<Array> made(Buffers values) const {
    ARROW_ASSIGN_OR_RAISE(values[0], validity());
    const int64_t nulls = values[0] ? arrow::kUnknownNullCount : 0;
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(field().type), rows(), std::move(values), nulls));
  }

  // Values of fixed width: `value(row)` gives what `convert(value, to)` makes of it.
  template <class To, class Value, class Convert>
  arrow::Result<Array> each(Value value, Convert convert) {
    const int64_t rows = this->rows();
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                          arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(To)), memory_pool()));
    auto* to = reinterpret_cast<To*>(buffer->mutable_data());
    const bool has_nulls = column().has_nulls();
    for (int64_t row = 0; row < rows; ++row) {
      to[row] = To();
      if (has_nulls && column().null(row)) continue;
      if (!convert(value(row), to[row])) does_not_fit(row);
    }
    return made({nullptr, std::move(buffer)});
  }
  template <class To, class Convert>
  arrow::Result<Array> from_integers(Convert convert) {
    return each<To>([values = column().values<int64_t>()](int64_t row) { return values[row]; }, convert);
  }
  template <class To, class Convert>
  arrow::Result<Array> from_floats(Convert convert) {
    return each<To>([values = column().values<double>()](int64_t row) { return values[row]; }, convert);
  }
  template <class To, class Convert>
  arrow::Result<Array> from_text(Convert convert) {
    return each<To>([this](int64_t row) { return column().text(row); }, convert);
  }

  // None of its values fits; nulls do.
  arrow::Result<Array> none_fits() {
    for (int64_t row = 0; row < rows(); ++row)
      if (!column().null(row)) does_not_fit(row);
    return nulls();
  }

  template <class To, class Convert>
  arrow::Result<Array> to_number(Convert convert) {
    if (column().type() == Type::int64) return from_integers<To>(convert);
    if (column().type() == Type::float64) return from_floats<To>(convert);
    if (column().is_textual()) return from_text<To>(convert);
    return none_fits();
  }
  template <class To>
  arrow::Result<Array> to_number() {
    return to_number<To>([](auto from, To& to) { return convert(from, to); });
  }

  arrow::Result<Array> to_boolean() {
    if (column().type() == Type::boolean) return relabel(column());
    if (!column().is_textual()) return none_fits();
    BooleanBuilder values;
    for (int64_t row = 0; row < rows(); ++row) {
      const auto text = column().text(row);
      if (column().null(row)) values.append_null();
      else values.append(text == "true");
      if (!column().null(row) && text != "true" && text != "false") does_not_fit(row);
    }
    return relabel(std::move(values).finish(column().name()));
  }

  arrow::Result<Array> to_date() {
    if (column().type() == Type::timestamp) return from_integers<int32_t>(ToDate());
    return column().is_textual() ? from_text<int32_t>(ToDate()) : none_fits();
  }

  // Parquet has no seconds: Arrow makes milliseconds of them, and fails where these do not reach as
  // far.
  void reject_far_seconds() {
    constexpr int64_t kFarthest = std::numeric_limits<int64_t>::max() / 1000;
    const auto* seconds = column().values<int64_t>();
    for (int64_t row = 0; row < rows(); ++row)
      if (!column().null(row) && (seconds[row] > kFarthest || seconds[row] < -kFarthest)) does_not_fit(row);
  }
  arrow::Result<Array> to_timestamp() {
    const ToTimestamp convert{field().type.unit};
    const bool counts_units = column().type() == Type::int64;
    if (counts_units && convert.unit == TimeUnit::seconds) reject_far_seconds();
    if (counts_units || (column().type() == Type::timestamp && convert.unit == TimeUnit::microseconds))
      return relabel(column());
    if (column().type() == Type::timestamp) return from_integers<int64_t>(convert);
    return column().is_textual() ? from_text<int64_t>(convert) : none_fits();
  }

  arrow::Result<Array> to_text() {
    switch (column().type()) {
      case Type::text: return relabel(column());
      case Type::dictionary: return from_dictionary();
      case Type::bytes:
        for (int64_t row = 0; row < rows(); ++row) {
          const auto text = column().text(row);
          if (!arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(text.data()),
                                         static_cast<int64_t>(text.size())))
            does_not_fit(row);
        }
        return relabel(column());
      case Type::opaque: return none_fits();
      default: break;
    }
    TextBuilder texts(rows());
    for (int64_t row = 0; row < rows(); ++row)
      column().null(row) ? texts.append_null() : texts.append(shown(column(), row));
    return relabel(std::move(texts).finish(column().name(), Type::text));
  }

  arrow::Result<Array> to_bytes() {
    if (column().type() == Type::dictionary) return from_dictionary();
    return column().is_textual() ? relabel(column()) : none_fits();
  }

  // The views of the dictionary, one for each row; their bytes stay where they are.
  arrow::Result<Array> from_dictionary() {
    ARROW_ASSIGN_OR_RAISE(auto imported, import(column()));
    const auto& dictionary = *static_cast<const arrow::DictionaryArray&>(*imported).dictionary();
    const auto* indices = column().values<int32_t>();
    const auto* entries = dictionary.data()->GetValues<View>(1);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                          arrow::AllocateBuffer(rows() * static_cast<int64_t>(sizeof(View)), memory_pool()));
    ARROW_ASSIGN_OR_RAISE(auto valid, arrow::AllocateEmptyBitmap(rows(), memory_pool()));
    auto* views = reinterpret_cast<View*>(buffer->mutable_data());
    int64_t nulls = 0;
    for (int64_t row = 0; row < rows(); ++row) {
      if (column().null(row) || dictionary.IsNull(indices[row])) {
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
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(field().type), rows(), std::move(buffers), nulls));
  }

  // A column of another type of Arrow than those of batches.
  arrow::Result<Array> convert_opaque() {
    ARROW_ASSIGN_OR_RAISE(auto array, import(column()));
    if (array->type_id() == arrow::Type::DICTIONARY) {
      const auto& numbers = static_cast<const arrow::DictionaryArray&>(*array);
      auto values = arrow::compute::Take(*numbers.dictionary(), *numbers.indices());
      if (values.ok()) array = *std::move(values);
    }
    if (array->type()->Equals(*arrow_type(field().type))) return array;
    if (array->type_id() == arrow::Type::NA) return nulls();
    return none_fits();
  }

  arrow::Result<Array> to_struct(const Nested& structs) {
    if (reject_unknown_) reject_unknown_members(structs);
    arrow::ArrayDataVector members;
    for (const auto& wanted : field().type.children) {
      const auto* member = structs.member(wanted.name);
      if (!member && !wanted.nullable)
        for (int64_t row = 0; row < rows(); ++row)
          if (!column().null(row)) fault(row, "." + wanted.name, no_value);
      ARROW_ASSIGN_OR_RAISE(auto array,
                            member ? fit_column(wanted, *member, nullptr)
                                   : arrow::MakeArrayOfNull(arrow_type(wanted.type, true), rows(), memory_pool()));
      members.push_back(array->data());
    }
    ARROW_ASSIGN_OR_RAISE(auto valid, validity());
    const int64_t nulls = valid ? arrow::kUnknownNullCount : 0;
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow_type(field().type), rows(), {std::move(valid)}, std::move(members), nulls));
  }
  void reject_unknown_members(const Nested& structs) {
    const auto& known = field().type.children;
    for (const auto& member : structs.members()) {
      const auto is_it = [&](const Field& field) { return field.name == member.name(); };
      if (std::any_of(known.begin(), known.end(), is_it)) continue;
      for (int64_t row = 0; row < rows(); ++row)
        if (!member.null(row) && !column().null(row))
          fault(row, "." + member.name(), [](const std::string& name, const std::string& place) {
            return "column \"" + name + "\": the schema has nothing" + place;
          });
    }
  }

  arrow::Result<Array> to_list(const Nested& lists) {
    for (int64_t row = 0; row < rows(); ++row) {
      if (!column().null(row) || lists.begin(row) == lists.end(row)) continue;
      const auto without = without_items_of_nulls(lists);
      return fit_lists(without, *Nested::of(without));
    }
    return fit_lists(column(), lists);
  }
  Column without_items_of_nulls(const Nested& lists) const {
    ListBuilder builder;
    std::vector<int64_t> kept;
    for (int64_t row = 0; row < rows(); ++row) {
      if (column().null(row)) {
        builder.append_null();
        continue;
      }
      for (int64_t item = lists.begin(row); item < lists.end(row); ++item) kept.push_back(item);
      builder.append(static_cast<int64_t>(kept.size()));
    }
    return std::move(builder).finish(column().name(),
                                     take(lists.items(), kept.data(), static_cast<int64_t>(kept.size())));
  }
  arrow::Result<Array> fit_lists(const Column& column, const Nested& lists) {
    if (lists.items().rows() > std::numeric_limits<int32_t>::max())
      return arrow::Status::CapacityError("its lists have more items than a batch can hold");
    ARROW_ASSIGN_OR_RAISE(const auto items, fit_column(field().type.children[0], lists.items(), &lists));
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> offsets,
        arrow::AllocateBuffer((column.rows() + 1) * static_cast<int64_t>(sizeof(int32_t)), memory_pool()));
    auto* to = reinterpret_cast<int32_t*>(offsets->mutable_data());
    for (int64_t row = 0; row <= column.rows(); ++row) to[row] = static_cast<int32_t>(lists.begin(row));
    ARROW_ASSIGN_OR_RAISE(auto valid, validity());
    const int64_t nulls = valid ? arrow::kUnknownNullCount : 0;
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(field().type), column.rows(),
                                                   {std::move(valid), std::move(offsets)}, {items->data()}, nulls));
  }

  arrow::Result<Array> convert_column() {
    const auto kind = field().type.kind;
    if (column().type() == Type::opaque) {
      const auto nested = Nested::of(column());
      if (nested && kind == Kind::structure && !nested->is_list()) return to_struct(*nested);
      if (nested && kind == Kind::list && nested->is_list()) return to_list(*nested);
      return convert_opaque();
    }
    switch (kind) {
      case Kind::boolean: return to_boolean();
      case Kind::int8: return to_number<int8_t>();
      case Kind::int16: return to_number<int16_t>();
      case Kind::int32: return to_number<int32_t>();
      case Kind::int64: return column().type() == Type::int64 ? relabel(column()) : to_number<int64_t>();
      case Kind::float32: return to_number<float>();
      case Kind::float64: return column().type() == Type::float64 ? relabel(column()) : to_number<double>();
      case Kind::decimal: return to_number<arrow::Decimal128>(ToDecimal{field().type.precision, field().type.scale});
      case Kind::date: return to_date();
      case Kind::timestamp: return to_timestamp();
      case Kind::text: return to_text();
      case Kind::bytes: return to_bytes();
      case Kind::structure:
      case Kind::list:
      case Kind::other: break;
    }
    return none_fits();
  }

  const LakeSchema& schema_;
  Batch& batch_;
  const bool reject_unknown_;
  Level* level_ = nullptr;
  std::vector<std::string> reasons_;
};

void reject_unknown_columns(const LakeSchema& schema, const Batch& batch, Fitting& fitting) {
  for (const auto& column : batch.columns()) {
    if (schema.find(column.name())) continue;
    for (int64_t row = 0; row < batch.rows(); ++row)
      fitting.add_reason(row, "column \"" + column.name() + "\" is not in the schema");
    return;
  }
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> fit(const LakeSchema& schema, Batch& batch, bool reject_unknown) {
  Fitting first(schema, batch, reject_unknown);
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
    Fitting second(schema, rest, false);
    if (rows > 0) arrays = second.run();
    if (!arrays) return std::move(arrays).error();
  }
  if (rows == 0) return std::shared_ptr<arrow::RecordBatch>();
  return arrow::RecordBatch::Make(schema.to_arrow(), rows, *std::move(arrays));
}

}  // namespace levada::lake
