// Adds typed columns with the fields of the CSV record that the body of each row is.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "text/csv_record.h"
#include "text/parsed_columns.h"

namespace levada::parse_csv {

class ParseCsv final : public Interceptor {
 public:
  enum class OnMismatch { null, reject };
  struct Settings {
    std::vector<std::string> header;
    Tree columns;
    std::string delimiter = ",";
    std::string quote = "\"";
    bool skip_header = true;
    std::string comment;
    OnMismatch on_mismatch = OnMismatch::null;
  };
  static constexpr std::array options = {
      required<&Settings::header>("header", "The names of the fields, in their order."),
      optional<&Settings::columns>("columns", nullptr,
                                   "Columns to make: name = \"type\", or name = { type, unit, required }; without it "
                                   "all fields, as text."),
      optional<&Settings::delimiter>("delimiter", R"(",")", "What stands between fields: one character."),
      optional<&Settings::quote>("quote", R"("\"")",
                                 "What stands around fields that hold delimiters: one character, or none."),
      optional<&Settings::skip_header>("skip_header", "true",
                                       "Drops rows that are the header: files often begin with it."),
      optional<&Settings::comment>("comment", R"("")",
                                   "Drops rows that begin with this text, \"#\", and empty ones; empty: none."),
      choice<&Settings::on_mismatch>(
          "on_mismatch", "null|reject", "\"null\"",
          "What becomes of a value that is not of its column's type: null, or the row is rejected."),
  };
  static Result<std::unique_ptr<ParseCsv>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  ParseCsv(const Settings& settings, CsvFormat format, ParsedColumns columns, std::vector<size_t> fields, Host host)
      : header_(settings.header),
        format_(format),
        skip_header_(settings.skip_header),
        comment_(settings.comment),
        columns_(std::move(columns)),
        field_numbers_(std::move(fields)),
        header_rows_(host.counter("header_rows")),
        comment_rows_(host.counter("comment_rows")),
        mismatched_(host.counter("values_mismatched")) {}
  // Finds the fields of a record; false, with the fault, where it is none of as many as the header.
  bool read_fields(std::string_view record, CsvFault& fault, std::string& reason);
  bool is_header() const;
  bool is_comment(std::string_view record) const;
  // Of the fields, what the columns are made of.
  void choose_parts(std::string_view record);

  const std::vector<std::string> header_;
  const CsvFormat format_;
  const bool skip_header_;
  const std::string comment_;
  ParsedColumns columns_;
  const std::vector<size_t> field_numbers_;  // Of each column: which field it is.
  Counter header_rows_, comment_rows_, mismatched_;

  std::vector<CsvField> fields_;
  std::vector<ParsedColumns::Part> parts_;
  std::string unquoted_;  // The texts with doubled quotes of a row.
};

}  // namespace levada::parse_csv
