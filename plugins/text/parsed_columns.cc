#include "text/parsed_columns.h"

#include <utility>

namespace levada {

void ParsedColumns::start(const Column& bodies) {
  mismatches_ = 0;
  builders_.clear();
  builders_.reserve(columns_.size());
  for (const auto& column : columns_) builders_.emplace_back(column, bodies.rows()).share(bodies);
}

bool ParsedColumns::append(const Body& body, std::span<const Part> parts, size_t& fault, std::string& reason) {
  for (size_t at = 0; at < columns_.size(); ++at) {
    const auto& part = parts[at];
    bool missing = part.is_missing;
    if (!missing) {
      const bool fits = part.is_in_body ? builders_[at].append_part(*body.view, body.text, part.text)
                                        : builders_[at].append(part.text);
      if (fits) continue;
      if (!reject_mismatches_) {
        ++mismatches_;
        missing = true;
      }
    }
    builders_[at].append_null();
    if (missing && !columns_[at].required) continue;
    fault = at;
    reason = "the column \"" + columns_[at].name + "\" ";
    if (part.is_missing) reason += "is required and has no value";
    else reason.append("is ").append(name_of(columns_[at].type)).append(", and this does not fit");
    for (size_t rest = at + 1; rest < columns_.size(); ++rest) builders_[rest].append_null();
    return false;
  }
  return true;
}

void ParsedColumns::append_nulls() {
  for (auto& builder : builders_) builder.append_null();
}

std::vector<Column> ParsedColumns::finish() {
  std::vector<Column> all;
  for (size_t at = 0; at < columns_.size(); ++at) all.push_back(std::move(builders_[at]).finish(columns_[at].name));
  builders_.clear();
  return all;
}

}  // namespace levada
