#include "csv_table.h"

#include <algorithm>
#include <vector>

namespace levada::join_table {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Reads the records of a file one after the other, and fills the builders of a table.
class TableReader {
 public:
  TableReader(const std::string& path, std::string_view text, CsvFormat format)
      : path_(path), text_(text), format_(format) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  }

  bool at_end() const { return at_ == text_.size(); }
  const std::vector<CsvField>& fields() const { return fields_; }

  Done read_record() {
    CsvFault fault;
    begin_ = at_;
    const size_t size = read_csv_record(text_.substr(at_), format_, fields_, fault);
    if (fault.reason) return failed(at_ + fault.offset, fault.reason);
    at_ += size;
    return {};
  }
  // An empty line, which is no record.
  bool is_empty() const { return fields_.size() == 1 && fields_[0].text.empty() && !fields_[0].is_quoted; }

  std::string text_of(const CsvField& field) const {
    std::string text;
    append_csv_text(field, format_.quote, text);
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
  const CsvFormat format_;
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

Result<std::shared_ptr<const join::Table>> read_csv_table(const std::string& path, std::string_view text,
                                                          const join::TableShape& shape, CsvFormat format) {
  TableReader reader(path, text, format);
  LEVADA_TRY(reader.read_record());
  if (reader.is_empty()) return reader.failed_at_record("expected a header with the names of the columns");
  std::vector<std::string> names;
  for (const auto& field : reader.fields()) {
    names.push_back(reader.text_of(field));
    if (std::count(names.begin(), names.end(), names.back()) > 1)
      return reader.failed_at(field, "the column \"" + names.back() + "\" is there twice");
  }

  std::vector<size_t> key_fields, fields;  // Their numbers in a record.
  std::vector<DeclaredColumn> keys, columns;
  for (const auto& name : shape.keys) {
    const auto at = find_column(reader, names, name);
    if (!at) return at.error();
    key_fields.push_back(*at);
    keys.push_back(join::declared_as(name, shape.columns));
  }
  for (const auto& column : shape.columns) {
    const auto at = find_column(reader, names, column.name);
    if (!at) return at.error();
    if (shape.is_key(column.name)) continue;
    fields.push_back(*at);
    columns.push_back(column);
  }
  if (columns.empty()) {
    for (size_t at = 0; at < names.size(); ++at) {
      if (shape.is_key(names[at])) continue;
      fields.push_back(at);
      columns.push_back({.name = names[at]});
    }
  }

  join::TableBuilder builder(keys, columns);
  const auto misfit = [&](size_t field, const DeclaredColumn& column) {
    return reader.failed_at(reader.fields()[field], "the column \"" + column.name + "\" is " +
                                                        std::string(name_of(column.type)) + ", and this does not fit");
  };
  std::vector<size_t> begins;  // Of the records of its rows.
  while (!reader.at_end()) {
    LEVADA_TRY(reader.read_record());
    if (reader.is_empty() && names.size() > 1) continue;
    const auto& record = reader.fields();
    if (record.size() != names.size())
      return reader.failed_at(
          record.size() > names.size() ? record[names.size()] : record.back(),
          "expected " + std::to_string(names.size()) + " fields, found " + std::to_string(record.size()));
    for (size_t at = 0; at < keys.size(); ++at)
      if (!builder.add_to_key(reader.text_of(record[key_fields[at]]))) return misfit(key_fields[at], keys[at]);
    if (const auto other = builder.end_key(); other >= 0)
      return reader.failed_at(
          record[key_fields[0]],
          "has the same key as line " + std::to_string(reader.line_of(begins[static_cast<size_t>(other)])));
    begins.push_back(reader.begin_of_record());
    for (size_t at = 0; at < columns.size(); ++at) {
      const auto& field = record[fields[at]];
      if (field.text.empty() && !field.is_quoted) {
        if (columns[at].required)
          return reader.failed_at(field, "the column \"" + columns[at].name + "\" is required and has no value");
        builder.add_null(at);
      } else if (!builder.add(at, reader.text_of(field))) {
        return misfit(fields[at], columns[at]);
      }
    }
    builder.end_row();
  }
  return std::move(builder).finish();
}

}  // namespace levada::join_table
