#include "csv_table.h"

#include <algorithm>

#include "levada/pattern.h"
#include "text/value_column.h"

namespace levada::join_table {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Reads the records of a file one after the other, and fills the builders of a table.
class TableReader {
 public:
  TableReader(const std::string& path, std::string_view text, const TableShape& shape)
      : path_(path), text_(text), shape_(shape) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  bool at_end() const { return at_ == text_.size(); }
  const std::vector<CsvField>& fields() const { return fields_; }

  Done read_record() {
    CsvFault fault;
    begin_ = at_;
    const size_t size = read_csv_record(text_.substr(at_), shape_.format, fields_, fault);
    if (fault.reason) return failed(at_ + fault.offset, fault.reason);
    at_ += size;
    return {};
  }
  // An empty line, which is no record.
  bool is_empty() const { return fields_.size() == 1 && fields_[0].text.empty() && !fields_[0].is_quoted; }

  std::string text_of(const CsvField& field) const {
    std::string text;
    append_csv_text(field, shape_.format.quote, text);
    return text;
  }
  Error failed_at(const CsvField& field, const std::string& why) const {
    return failed(static_cast<size_t>(field.text.data() - text_.data()), why);
  }
  Error failed_at_record(const std::string& why) const { return failed(begin_, why); }
  // Where the record that was read last begins in the file.
  size_t begin_of_record() const { return begin_; }
  // Counts all lines before it: for messages only.
  size_t line_of(size_t offset) const {
    return 1 + static_cast<size_t>(std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(offset), '\n'));
  }

 private:
  Error failed(size_t offset, const std::string& why) const {
    const auto line_begin = offset == 0 ? text_.npos : text_.rfind('\n', offset - 1);
    const size_t column = line_begin == text_.npos ? offset + 1 : offset - line_begin;
    return fatal(path_ + ":" + std::to_string(line_of(offset)) + ":" + std::to_string(column) + ": " + why);
  }

  const std::string& path_;
  std::string_view text_;
  const TableShape& shape_;
  size_t at_ = 0, begin_ = 0;
  std::vector<CsvField> fields_;
};

// The number of the column with this name.
Result<size_t> find_column(const TableReader& reader, const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return reader.failed_at_record("there is no column \"" + name + "\" in the header");
  return static_cast<size_t>(at - names.begin());
}

}  // namespace

Result<std::shared_ptr<const CsvTable>> CsvTable::parse(const std::string& path, std::string_view text,
                                                        const TableShape& shape) {
  TableReader reader(path, text, shape);
  LEVADA_TRY(reader.read_record());
  if (reader.is_empty()) return reader.failed_at_record("expected a header with the names of the columns");
  std::vector<std::string> names;
  for (const auto& field : reader.fields()) {
    names.push_back(reader.text_of(field));
    if (std::count(names.begin(), names.end(), names.back()) > 1)
      return reader.failed_at(field, "the column \"" + names.back() + "\" is there twice");
  }

  struct Source {
    size_t field;
    DeclaredColumn declared;
  };
  std::vector<Source> keys, values;
  const auto declared = [&](const std::string& name) {
    for (const auto& column : shape.columns)
      if (column.name == name) return column;
    return DeclaredColumn{.name = name};
  };
  const auto is_key = [&](const std::string& name) {
    return std::find(shape.keys.begin(), shape.keys.end(), name) != shape.keys.end();
  };
  for (const auto& name : shape.keys) {
    const auto at = find_column(reader, names, name);
    if (!at) return at.error();
    keys.push_back({*at, declared(name)});
  }
  for (const auto& column : shape.columns) {
    const auto at = find_column(reader, names, column.name);
    if (!at) return at.error();
    if (!is_key(column.name)) values.push_back({*at, column});
  }
  if (values.empty())
    for (size_t at = 0; at < names.size(); ++at)
      if (!is_key(names[at])) values.push_back({at, {.name = names[at]}});

  auto table = std::make_shared<CsvTable>();
  std::vector<ValueColumn> builders;
  for (const auto& value : values) builders.emplace_back(value.declared, 0);
  const auto misfit = [&](const Source& source) {
    return reader.failed_at(reader.fields()[source.field], "the column \"" + source.declared.name + "\" is " +
                                                               std::string(name_of(source.declared.type)) +
                                                               ", and this does not fit");
  };
  std::vector<size_t> begins;  // Of the records of its rows.
  std::string key, part;
  while (!reader.at_end()) {
    LEVADA_TRY(reader.read_record());
    if (reader.is_empty() && names.size() > 1) continue;
    const auto& fields = reader.fields();
    if (fields.size() != names.size())
      return reader.failed_at(
          fields.size() > names.size() ? fields[names.size()] : fields.back(),
          "expected " + std::to_string(names.size()) + " fields, found " + std::to_string(fields.size()));
    key.clear();
    for (const auto& source : keys) {
      // As a value of its type, so that 007 and 7 are one number.
      ValueColumn value(source.declared, 1);
      if (!value.append(reader.text_of(fields[source.field]))) return misfit(source);
      part.clear();
      append_value(std::move(value).finish(""), 0, part);
      KeyIndex::append_part(part, key);
    }
    if (const auto other = table->index_.add(key, table->rows_); other >= 0)
      return reader.failed_at(
          fields[keys[0].field],
          "has the same key as line " + std::to_string(reader.line_of(begins[static_cast<size_t>(other)])));
    begins.push_back(reader.begin_of_record());
    for (size_t at = 0; at < values.size(); ++at) {
      const auto& field = fields[values[at].field];
      if (field.text.empty() && !field.is_quoted) {
        if (values[at].declared.required)
          return reader.failed_at(field,
                                  "the column \"" + values[at].declared.name + "\" is required and has no value");
        builders[at].append_null();
      } else if (!builders[at].append(reader.text_of(field))) {
        return misfit(values[at]);
      }
    }
    ++table->rows_;
  }
  for (size_t at = 0; at < values.size(); ++at) {
    builders[at].append_null();
    table->columns_.push_back(std::move(builders[at]).finish(values[at].declared.name));
  }
  return std::shared_ptr<const CsvTable>(std::move(table));
}

}  // namespace levada::join_table
