// Adds typed columns with what the named groups of a regular expression match in the body of each
// row.
#pragma once

#include <re2/re2.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "text/parsed_columns.h"

namespace levada::parse_regex {

class ParseRegex final : public Interceptor {
 public:
  enum class OnMismatch { null, reject };
  struct Settings {
    std::string pattern;
    Tree columns;
    OnMismatch on_mismatch = OnMismatch::null;
  };
  static constexpr std::array options = {
      required<&Settings::pattern>("pattern",
                                   "The regular expression, with a group (?P<name>...) for each column to make."),
      optional<&Settings::columns>("columns", nullptr,
                                   "Types: name = \"type\", or name = { type, unit, required }; groups that are not "
                                   "named here are text."),
      choice<&Settings::on_mismatch>(
          "on_mismatch", "null|reject", "\"null\"",
          "What becomes of a value that is not of its column's type: null, or the row is rejected."),
  };
  static Result<std::unique_ptr<ParseRegex>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  ParseRegex(std::unique_ptr<RE2> expression, std::vector<size_t> groups, ParsedColumns columns, Host host);

  const std::unique_ptr<RE2> expression_;
  const std::vector<size_t> groups_;  // Of each column, the number of its group.
  ParsedColumns columns_;
  Counter mismatched_;
  std::vector<re2::StringPiece> matches_;
  std::vector<ParsedColumns::Part> parts_;
};

}  // namespace levada::parse_regex
