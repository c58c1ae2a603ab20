// Gives columns other types.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "levada/sdk.h"
#include "text/declared_column.h"

namespace levada::convert {

class Convert final : public Interceptor {
 public:
  enum class OnMismatch { null, reject };
  struct Settings {
    Tree columns;
    OnMismatch on_mismatch = OnMismatch::null;
  };
  static constexpr std::array options = {
      required<&Settings::columns>("columns",
                                   "The columns and their new types: name = \"type\", or name = { type, unit, "
                                   "required }."),
      choice<&Settings::on_mismatch>(
          "on_mismatch", "null|reject", "\"null\"",
          "What becomes of a value that does not fit its column's new type: null, or the row is rejected."),
  };
  static Result<std::unique_ptr<Convert>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  Convert(std::vector<DeclaredColumn> columns, bool reject_mismatches, Host host)
      : columns_(std::move(columns)),
        reject_mismatches_(reject_mismatches),
        mismatched_(host.counter("values_mismatched")) {}

  const std::vector<DeclaredColumn> columns_;
  const bool reject_mismatches_;
  Counter mismatched_;
};

}  // namespace levada::convert
