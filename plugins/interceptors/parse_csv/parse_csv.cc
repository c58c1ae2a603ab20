// The interceptor parse_csv.
#include "parse_csv.h"

#include <algorithm>

#include "json/json_parser.h"
#include "json/rows.h"

namespace levada::parse_csv {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

size_t offset_of(const CsvField& field, std::string_view text) {
  return static_cast<size_t>(field.text.data() - text.data());
}

}  // namespace

Result<std::unique_ptr<ParseCsv>> ParseCsv::create(Settings settings, Host host) {
  if (settings.header.empty()) return wrong("header", "name the fields, header = [\"ip\", \"clicks\"]");
  for (auto at = settings.header.begin(); at != settings.header.end(); ++at) {
    if (at->empty()) return wrong("header", "a field needs a name");
    if (*at == "body") return wrong("header", "\"body\" is the record itself: give the field another name");
    if (std::find(settings.header.begin(), at, *at) != at) return wrong("header", "\"" + *at + "\" is there twice");
  }
  if (settings.delimiter.size() != 1 || settings.delimiter == "\n" || settings.delimiter == "\r")
    return wrong("delimiter", "must be one character, and no line end");
  if (settings.quote.size() > 1 || settings.quote == settings.delimiter)
    return wrong("quote", "must be one character, or \"\" for none, and not the delimiter");
  auto columns = read_declared_columns(settings.columns, "columns");
  if (!columns) return std::move(columns).error();
  if ((*columns).empty())
    for (const auto& name : settings.header) (*columns).push_back({.name = name});
  std::vector<size_t> fields;
  for (const auto& column : *columns) {
    const auto at = std::find(settings.header.begin(), settings.header.end(), column.name);
    if (at == settings.header.end()) return wrong("columns." + column.name, "is no field of header");
    fields.push_back(static_cast<size_t>(at - settings.header.begin()));
  }
  const CsvFormat format = {settings.delimiter[0], settings.quote.empty() ? '\0' : settings.quote[0]};
  ParsedColumns parsed(*std::move(columns), settings.on_mismatch == OnMismatch::reject);
  return std::unique_ptr<ParseCsv>(new ParseCsv(settings, format, std::move(parsed), std::move(fields), host));
}

bool ParseCsv::is_header() const {
  return std::equal(fields_.begin(), fields_.end(), header_.begin(), header_.end(),
                    [](const CsvField& field, const std::string& name) { return field.text == name; });
}

bool ParseCsv::is_comment(std::string_view record) const {
  if (comment_.empty()) return false;
  if (record.starts_with(kByteOrderMark)) record.remove_prefix(kByteOrderMark.size());
  return record.empty() || record == "\r" || record.starts_with(comment_);
}

bool ParseCsv::read_fields(std::string_view record, CsvFault& fault, std::string& reason) {
  const size_t mark = record.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  const auto text = record.substr(mark);
  const size_t size = read_csv_record(text, format_, fields_, fault);
  if (fault.reason) {
    reason = fault.reason;
  } else if (size < text.size()) {
    fault.offset = size;
    reason = "more behind the record";
  } else if (fields_.size() != header_.size()) {
    const auto& at = fields_.size() > header_.size() ? fields_[header_.size()] : fields_.back();
    fault.offset = offset_of(at, text);
    reason = "expected " + std::to_string(header_.size()) + " fields, found " + std::to_string(fields_.size());
  } else {
    return true;
  }
  fault.offset += mark;
  return false;
}

void ParseCsv::choose_parts(std::string_view record) {
  unquoted_.clear();
  // Parts point into it, so it must not move.
  unquoted_.reserve(record.size());
  parts_.clear();
  for (const size_t number : field_numbers_) {
    const CsvField& field = fields_[number];
    if (!field.has_quote_pairs) {
      parts_.push_back({.text = field.text, .is_missing = field.text.empty() && !field.is_quoted});
      continue;
    }
    const auto begin = unquoted_.size();
    append_csv_text(field, format_.quote, unquoted_);
    parts_.push_back({.text = std::string_view(unquoted_).substr(begin), .is_in_body = false});
  }
}

Done ParseCsv::intercept(Batch& batch) {
  const Column* found = batch.body();
  if (!found) return fatal("parse_csv reads the column \"body\", which the batch does not have");
  const Column body = resolved(*found);
  const Documents bodies(body);
  columns_.start(body);
  int64_t header_rows = 0, comment_rows = 0;
  std::string reason;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const ParsedColumns::Body record = {&bodies.view(row), bodies[row].text};
    CsvFault fault;
    if (is_comment(record.text)) {
      columns_.append_nulls();
      batch.drop(row);
      ++comment_rows;
      continue;
    }
    if (!read_fields(record.text, fault, reason)) {
      columns_.append_nulls();
    } else if (skip_header_ && is_header()) {
      columns_.append_nulls();
      batch.drop(row);
      ++header_rows;
      continue;
    } else {
      choose_parts(record.text);
      size_t column = 0;
      if (columns_.append(record, parts_, column, reason)) continue;
      fault.offset = offset_of(fields_[field_numbers_[column]], record.text);
    }
    batch.reject(row, reason_at(batch, row, fault.offset, reason));
  }
  for (auto& column : columns_.finish()) batch.set(std::move(column));
  header_rows_.add(header_rows);
  comment_rows_.add(comment_rows);
  mismatched_.add(columns_.mismatches());
  batch.drop_marked();
  return {};
}

}  // namespace levada::parse_csv

LEVADA_PLUGIN("parse_csv", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::parse_csv::ParseCsv>("parse_csv",
                                                               "Makes typed columns of the fields of CSV records."))
