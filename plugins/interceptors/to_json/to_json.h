// Makes the body of each row a JSON object of its columns.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "json/json_writer.h"
#include "levada/sdk.h"

namespace levada::to_json {

class ToJson final : public Interceptor {
 public:
  enum class Nulls { omit, write };
  struct Settings {
    std::vector<std::string> columns = {};
    std::vector<std::string> exclude = {};
    std::vector<std::string> raw = {};
    JsonStyle::Time timestamps = JsonStyle::Time::rfc3339;
    Nulls nulls = Nulls::omit;
  };
  static constexpr std::array options = {
      optional<&Settings::columns>("columns", "[]", "Columns to write, in this order; none: all that the batch has."),
      optional<&Settings::exclude>("exclude", R"(["body"])", "Columns to leave out, where `columns` names none."),
      optional<&Settings::raw>("raw", "[]", "Columns whose text is JSON already and is written as it is."),
      choice<&Settings::timestamps>("timestamps", "rfc3339|seconds|milliseconds|microseconds|nanoseconds",
                                    "\"rfc3339\"",
                                    "How times are written: as text with microseconds, or as a number since 1970."),
      choice<&Settings::nulls>("nulls", "omit|write", "\"omit\"", "Whether a null is left out or written as null."),
  };
  static Result<std::unique_ptr<ToJson>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  ToJson(Settings settings, const Host& host);
  // Writes rows from `row` on until a buffer is full; gives the first that did not fit.
  int64_t fill_buffer(JsonWriter& writer, int64_t row, int64_t rows, TextBuilder& bodies);

  Settings settings_;
  JsonStyle style_;
  Counter replaced_;
  std::vector<const char*> ends_;  // Of the bodies in the buffer at hand.
};

}  // namespace levada::to_json
