// Adds typed columns with values out of the JSON objects that the bodies are.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "declared_columns.h"
#include "inferred_columns.h"
#include "json/json_parser.h"
#include "levada/sdk.h"

namespace levada::parse_json {

class ParseJson final : public Interceptor {
 public:
  enum class OnMismatch { null, reject };
  struct Settings {
    Tree columns;
    bool infer = false;
    OnMismatch on_mismatch = OnMismatch::null;
    bool validate = true;
  };
  static constexpr std::array options = {
      optional<&Settings::columns>("columns", nullptr,
                                   "Columns to make: name = \"type\", or name = { type, pointer, unit, required }."),
      optional<&Settings::infer>("infer", "false",
                                 "Makes a column for each scalar that the objects of a batch have at their top."),
      choice<&Settings::on_mismatch>(
          "on_mismatch", "null|reject", "\"null\"",
          "What becomes of a value that is not of its column's type: null, or the row is rejected."),
      optional<&Settings::validate>(
          "validate", "true",
          "Reads every row in full; false reads what is needed, for rows that are known to be valid."),
  };
  static Result<std::unique_ptr<ParseJson>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  ParseJson(std::optional<DeclaredColumns> declared, const Settings& settings, const Host& host);
  // Takes a row's values; false, with the reason, where the row is to be rejected.
  bool parse(const Batch& batch, int64_t row, const Documents& documents, std::string& reason);

  std::optional<DeclaredColumns> declared_;
  InferredColumns inferred_;
  bool reject_mismatches_, validate_;
  Counter mismatched_, ignored_;
  JsonParser parser_;
};

}  // namespace levada::parse_json
