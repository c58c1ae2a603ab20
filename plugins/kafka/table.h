// Tables of options for tests.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "levada/options.h"

namespace levada {

// A table as the user wrote it: {"message", {"max", {"bytes", 5}}}.
class Table {
 public:
  void add(const std::string& key, const std::string& text) { append(key, LEVADA_STRING).text = keep(text); }
  void add(const std::string& key, int64_t number) { append(key, LEVADA_INTEGER).integer = number; }
  void add(const std::string& key, const Table& table) {
    levada_value& value = append(key, LEVADA_TREE);
    value.items = table.values_.data();
    value.count = table.values_.size();
  }
  Tree tree() {
    table_.type = LEVADA_TREE;
    table_.set = 1;
    table_.items = values_.data();
    table_.count = values_.size();
    return Tree(table_);
  }

 private:
  levada_value& append(const std::string& key, uint32_t type) {
    levada_value value{};
    value.type = type;
    value.set = 1;
    value.key = keep(key);
    return values_.emplace_back(value);
  }
  levada_bytes keep(const std::string& text) {
    const auto& kept = texts_.emplace_back(text);
    return {kept.data(), kept.size()};
  }

  std::deque<std::string> texts_;
  std::vector<levada_value> values_;
  levada_value table_{};
};

}  // namespace levada
