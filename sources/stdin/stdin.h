// The stdin source: each line of standard input becomes a row.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "levada/sdk.h"
#include "rows/row_buffer.h"

namespace levada::stdin_source {

class Stdin : public Source {
 public:
  struct Settings {
    Size line_bytes, read_bytes;
    rows::LongLines long_lines = rows::LongLines::reject;
    rows::InvalidUtf8 invalid_utf8 = rows::InvalidUtf8::keep;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  static constexpr std::array options = {
      optional<&Settings::line_bytes>("line_bytes", R"("1MiB")", "The longest row."),
      choice<&Settings::long_lines>("long_lines", "reject|truncate|split", R"("reject")",
                                    "A longer line goes to the dead letters, loses its end, or becomes several rows."),
      choice<&Settings::invalid_utf8>("invalid_utf8", "keep|reject", R"("keep")",
                                      "A row that is not UTF-8 passes, or goes to the dead letters."),
      optional<&Settings::headers>("headers", nullptr, "Columns with the same text in each row."),
      optional<&Settings::read_bytes>("read_bytes", R"("1MiB")", "How much is read for a batch, at most.").advanced(),
  };
  static Result<std::unique_ptr<Stdin>> create(Settings settings, Host host) {
    return create(std::move(settings), host, 0);
  }
  // Reads from an open file that may be another than number 0, and is not closed.
  static Result<std::unique_ptr<Stdin>> create(Settings settings, Host host, int file);

  // What was read is gone.
  bool replays() const override { return false; }
  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view, std::string_view) override { return {}; }

 private:
  Stdin(rows::RowRules rules, Host host, int file)
      : read_bytes_(rules.read_bytes), rows_(std::move(rules), host), file_(file) {}

  Done read_what_is_there();
  Batch emit();

  const size_t read_bytes_;
  rows::RowBuffer rows_;
  const int file_;
  bool is_at_end_ = false;
};

}  // namespace levada::stdin_source
