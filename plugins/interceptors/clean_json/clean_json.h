// Turns the rows of spooled JSON files into exactly one JSON object a row.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "json/json_parser.h"
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
  // An object that goes on: a part of its row's body, or of `repaired_`.
  struct Object {
    int64_t row;
    size_t begin, size;
    bool is_repaired;
  };

  CleanJson(unsigned repairs, const Host& host);
  // For rows that are not simply one object; false where the row holds none, and nothing broken either.
  bool split(const Batch& batch, int64_t row, Documents::Document document);
  void reject(const Batch& batch, int64_t row, const RowSplitter::Part& part, std::string_view why, std::string body);
  Batch cleaned(const Batch& batch, const Column& body) const;

  JsonParser parser_;
  RowSplitter splitter_;
  Counter filtered_, added_, repaired_count_;

  // Of the batch at hand.
  std::vector<Object> objects_;
  std::vector<Rejection> rejections_;
  std::string repaired_;
  bool is_changed_ = false;
  int64_t rows_added_ = 0, rows_repaired_ = 0;
};

}  // namespace levada::clean_json
