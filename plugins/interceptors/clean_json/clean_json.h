// Turns the rows of spooled JSON files into exactly one JSON object a row.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "json/json_parser.h"
#include "json/known_shapes.h"
#include "levada/sdk.h"
#include "row_splitter.h"

namespace levada::clean_json {

class CleanJson final : public Interceptor {
 public:
  struct Settings {
    std::vector<std::string> repair;
  };
  static constexpr std::array options = {
      choice<&Settings::repair>("repair", "trailing_commas|single_quotes|control_characters|comments|nan", "[]",
                                "What is put right in rows that are not valid JSON; a repaired row is written anew."),
  };
  static Result<std::unique_ptr<CleanJson>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  // An object that was written anew: a part of `repaired_`.
  struct Repaired {
    size_t number;  // Of the object in the batch that goes on.
    size_t begin, size;
  };

  CleanJson(unsigned repairs, const Host& host);
  // Whether the text is one valid object.
  bool is_object(std::string_view text, const char* readable_end);
  // For rows that are not simply one object; false where the row holds
  // none, and nothing broken either.
  bool split(const Batch& batch, int64_t row, const View& view, Documents::Document document);
  void keep(int64_t row, const View& view, std::string_view whole, std::string_view object) {
    rows_.push_back(row);
    views_.push_back(view);
    if (object.size() != whole.size()) TextBuilder::put_part(&views_.back(), view, whole, object, 0);
  }
  void reject(const Batch& batch, int64_t row, const RowSplitter::Part& part, std::string_view why, std::string body);
  Batch cleaned(const Batch& batch, const Column& body) const;

  KnownShapes shapes_;
  JsonParser parser_;
  RowSplitter splitter_;
  Counter filtered_, added_, repaired_count_;

  // Of the batch at hand: for each object that goes on the row that it is
  // of, and where it stands there.
  std::vector<int64_t> rows_;
  std::vector<View> views_;
  std::vector<Repaired> repairs_;
  std::vector<Rejection> rejections_;
  std::string repaired_;
  bool is_changed_ = false;
  int64_t rows_added_ = 0;
};

}  // namespace levada::clean_json
