// What docs/spec/interceptor.md says of columns as tests: slices, nulls, and what stands behind
// them.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance_interceptor.h"

namespace levada::testkit {

namespace {

constexpr int64_t kRows = 12;
constexpr size_t kNamesMax = 12;
constexpr int kTriedMax = 4;  // Rows of a column that are made null.
bool is_hidden(int64_t row) { return row % 4 == 2; }

// ---- inputs --------------------------------------------------------------------------------

// Words in a text that may be the name of a column.
void add_words(std::string_view text, std::set<std::string>& names) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && (is_letter(text[end]) || (end > at && text[end] >= '0' && text[end] <= '9'))) ++end;
    if (end > at && names.size() < kNamesMax) names.emplace(text.substr(at, end - at));
    at = std::max(end, at + 1);
  }
}

void add_words(const levada_value& value, std::set<std::string>& names) {
  if (!value.set) return;
  add_words(detail::view(value.key), names);
  if (value.type == LEVADA_STRING) add_words(detail::view(value.text), names);
  for (size_t at = 0; at < value.count; ++at) add_words(value.items[at], names);
}

// The names of columns that the options may speak of.
std::set<std::string> words_in_options(const Subject& subject) {
  std::set<std::string> names;
  const auto values = Values::parse(*subject.component, subject.options);
  for (size_t at = 0; values && at < subject.component->option_count; ++at) add_words(values->data()[at], names);
  for (const auto& column : subject.columns) names.erase(column.name());
  for (const auto* known : {"body", "reason", kRowNumber}) names.erase(known);
  return names;
}

std::vector<std::optional<std::string>> texts_for(const Subject& subject) {
  std::vector<std::optional<std::string>> texts;
  const auto count = static_cast<int64_t>(subject.bodies.size());
  for (int64_t row = 0; row < kRows; ++row) {
    const auto body = count > 0 ? subject.bodies[static_cast<size_t>(row / 2 % count)] : "";
    texts.emplace_back(row % 2 == 0 && is_utf8(body) ? body
                                                     : "text " + std::to_string(row) + ", longer than twelve bytes");
  }
  return texts;
}

template <class T>
std::vector<std::optional<T>> numbers(T first, T step) {
  std::vector<std::optional<T>> all;
  for (int64_t row = 0; row < kRows; ++row) all.emplace_back(first + step * static_cast<T>(row));
  return all;
}

// A column for a name of which nobody knows what type the subject expects.
Column guessed(const Subject& subject, const std::string& name, Type type) {
  switch (type) {
    case Type::int64: return value_column(name, type, numbers<int64_t>(-30, 7));
    case Type::float64: return value_column(name, type, numbers(-3.5, 1.25));
    case Type::timestamp: return value_column(name, type, numbers<int64_t>(1'767'225'600'000'000, 86'399'999'999));
    case Type::boolean: {
      std::vector<std::optional<bool>> bits;
      for (int64_t row = 0; row < kRows; ++row) bits.emplace_back(row % 3 == 0);
      return boolean_column(name, bits);
    }
    case Type::dictionary: {
      const auto words = text_column("", texts_for(subject));
      ValueBuilder<int32_t> indices;
      for (int32_t row = 0; row < kRows; ++row) indices.append(static_cast<int32_t>(kRows) - 1 - row);
      return std::move(indices).finish(name, words);
    }
    default: return text_column(name, texts_for(subject));
  }
}

// As many rows as the inputs have.
Column stretched(const Column& column) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < kRows; ++row) rows.push_back(row % column.rows());
  return take(column, rows.data(), kRows);
}

// The column with nulls in the hidden rows, behind which its values stay.
Column with_nulls(const Column& column) {
  const ArrowArray& array = column.array();
  auto held = std::make_unique<detail::Held>();
  held->arrays = {column.shared()};
  Buffer validity(static_cast<size_t>(kRows / 8 + 1));
  std::memset(validity.data(), 0, validity.capacity());
  int64_t nulls = 0;
  for (int64_t row = 0; row < kRows; ++row) {
    const bool is_null = is_hidden(row) || column.null(row);
    nulls += is_null;
    if (!is_null) validity.data()[row / 8] = static_cast<char>(validity.data()[row / 8] | 1 << (row % 8));
  }
  held->pointers.push_back(validity.data());
  held->pointers.insert(held->pointers.end(), array.buffers + 1, array.buffers + array.n_buffers);
  held->buffers.push_back(std::move(validity));
  if (array.dictionary) {
    held->dictionary = std::make_unique<ArrowArray>();
    detail::share(*array.dictionary, column.shared(), *held->dictionary);
  }
  auto made = detail::array_of(std::move(held), kRows, nulls);
  return Column(column.name(), column.type(), detail::hold(made), column.schema());
}

// The same with the values of other rows in the hidden ones.
Column moved_behind_nulls(const Column& column) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < kRows; ++row) rows.push_back(is_hidden(row) ? row + 1 : row);
  return with_nulls(take(column, rows.data(), kRows));
}

Batch with_each(const Batch& batch, Column (*change)(const Column&)) {
  Batch made(batch.rows());
  for (const auto& column : batch.columns())
    made.set(column.name() == kRowNumber || column.type() == Type::opaque ? column : change(column));
  return made;
}

}  // namespace

std::vector<ColumnInput> column_inputs(const Subject& subject) {
  Batch base(kRows);
  std::vector<std::string> own;
  if (!subject.bodies.empty())
    base.set(stretched(text_column("body", {subject.bodies.begin(), subject.bodies.end()}, Type::bytes)));
  for (const auto& column : subject.columns) {
    if (column.rows() == 0) continue;
    base.set(stretched(column));
    own.push_back(column.name());
  }
  base.set(value_column(kRowNumber, Type::int64, numbers<int64_t>(0, 1)));
  const auto words = words_in_options(subject);
  std::vector<ColumnInput> inputs;
  for (const Type type : {Type::text, Type::int64, Type::float64, Type::timestamp, Type::boolean, Type::dictionary}) {
    ColumnInput input;
    input.name = "columns of type " + std::string(name_of(type));
    input.full = base;
    input.columns = own;
    for (const auto& word : words) {
      input.full.set(guessed(subject, word, type));
      input.columns.push_back(word);
    }
    input.batch = with_each(input.full, with_nulls);
    input.rubbish = with_each(input.full, moved_behind_nulls);
    inputs.push_back(std::move(input));
    if (words.empty()) break;
  }
  return inputs;
}

SharedBatch copied(Batch batch, int64_t first, int64_t count) {
  std::vector<int64_t> rows;
  for (int64_t row = first; row < first + count; ++row) rows.push_back(row);
  batch.take(rows);
  return SharedBatch::of(batch);
}

namespace {

// ---- tests --------------------------------------------------------------------------------

void does_not_look_behind_nulls(const Subject& subject, Findings& findings) {
  for (const auto& input : column_inputs(subject))
    compare(TestedInterceptor(subject).intercept(SharedBatch::of(input.batch)),
            TestedInterceptor(subject).intercept(SharedBatch::of(input.rubbish)),
            input.name + ", with other values behind the nulls", findings);
}

// What came of one row: of each column its value, or nothing for a null.
using Cells = std::map<std::string, std::optional<std::string>>;
struct RowResult {
  Cells cells;
  bool is_rejected = false;
};

void find_row(levada_batch& batch, int64_t number, bool is_rejected, std::vector<RowResult>& results) {
  if (!batch.rows.release || !fault_of(batch).empty()) return;
  const auto rows = Batch::adopt(batch);
  const auto* numbers = rows ? rows->find(kRowNumber) : nullptr;
  if (!numbers || numbers->type() != Type::int64) return;
  for (int64_t row = 0; row < rows->rows(); ++row) {
    if (numbers->null(row) || numbers->values<int64_t>()[row] != number) continue;
    auto& result = results.emplace_back();
    result.is_rejected = is_rejected;
    for (const auto& column : rows->columns()) {
      if (column.name() == "reason" || column.name() == kRowNumber || !column.is_textual()) continue;
      auto& cell = result.cells[column.name()];
      if (!column.null(row)) cell = column.text(row);
    }
  }
}

// What comes of the row with this number, where it is still one row.
std::optional<RowResult> result_of(const Subject& subject, const Batch& batch, int64_t number) {
  TestedInterceptor tested(subject);
  LentStructs lent_structs;
  Received rows, rejected;
  SharedBatch::of(batch).lend(rows.batch, lent_structs);
  if (!tested.open() || tested.intercept(rows.batch, rejected.batch) != LEVADA_OK) return std::nullopt;
  std::vector<RowResult> results;
  find_row(rows.batch, number, false, results);
  find_row(rejected.batch, number, true, results);
  if (results.size() != 1) return std::nullopt;
  return std::move(results.front());
}

// The batch with this value in one row of a column.
Batch with_value(Batch batch, const std::string& name, int64_t row, const std::optional<std::string>& value) {
  const auto* column = batch.find(name);
  std::vector<std::optional<std::string>> texts;
  for (int64_t at = 0; at < batch.rows(); ++at)
    texts.push_back(column->null(at) ? std::nullopt : std::make_optional<std::string>(column->text(at)));
  texts[static_cast<size_t>(row)] = value;
  batch.set(text_column(name, texts, column->type() == Type::bytes ? Type::bytes : Type::text));
  return batch;
}

bool came_empty(const Batch& batch, const std::string& name, int64_t row) {
  const auto* column = batch.text(name);
  return column && !column->null(row) && column->text(row).empty();
}

std::string taken_for_empty(const Subject& subject, const Batch& batch, const std::string& name, int64_t row) {
  const auto of_null = result_of(subject, with_value(batch, name, row, std::nullopt), row);
  const auto of_empty = result_of(subject, with_value(batch, name, row, ""), row);
  if (!of_null || !of_empty || of_null->is_rejected != of_empty->is_rejected) return "";
  const auto of_text = result_of(subject, batch, row);
  for (const auto& [column, value] : of_null->cells) {
    const auto same = of_empty->cells.find(column);
    // What nothing becomes of, and what is told apart, is right.
    if (!value || same == of_empty->cells.end() || same->second != value) continue;
    // What comes out of another column need not be null, but an empty text is what an empty text
    // becomes.
    if (column != name && (!value->empty() || came_empty(batch, column, row))) continue;
    if (!of_text && !value->empty()) continue;
    // What is the same for any text has nothing to do with the null.
    const auto other = of_text ? of_text->cells.find(column) : same;
    if (of_text && (other == of_text->cells.end() || other->second == value)) continue;
    return "a null in the column " + name + " is taken for an empty text: " + column + " becomes \"" + *value + "\"";
  }
  return "";
}

void tells_a_null_from_an_empty_text(const Subject& subject, Findings& findings) {
  if (subject.nulls_are_empty) return;
  for (const auto& input : column_inputs(subject)) {
    auto names = input.columns;
    names.push_back("body");
    for (const auto& name : names) {
      const auto* column = input.full.text(name);
      if (!column) continue;
      int tried = 0;
      for (int64_t row = 0; row < kRows && tried < kTriedMax; ++row) {
        if (column->null(row) || column->text(row).empty()) continue;
        ++tried;
        if (auto finding = taken_for_empty(subject, input.full, name, row); !finding.empty()) {
          findings.push_back(finding);
          break;
        }
      }
    }
  }
}

}  // namespace

std::vector<Must> column_musts() {
  return {
      {"I24_does_not_look_behind_nulls", does_not_look_behind_nulls},
      {"I25_tells_a_null_from_an_empty_text", tells_a_null_from_an_empty_text},
  };
}

}  // namespace levada::testkit
