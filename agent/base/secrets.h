// What ${file:} gave: secrets, which nothing that is printed shows,
// whatever they have become a part of.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace levada::agent {

class Secrets {
 public:
  // Values of fewer bytes than these could not be told from other text.
  static constexpr size_t kLeastBytes = 4;

  void add(std::string value) {
    if (value.size() < kLeastBytes || std::find(values_.begin(), values_.end(), value) != values_.end()) return;
    values_.push_back(std::move(value));
    // One that holds another as a whole goes first.
    std::stable_sort(values_.begin(), values_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }
  void add(const Secrets& others) {
    for (const auto& value : others.values_) add(value);
  }
  // The text with "(hidden)" in place of each secret.
  std::string hide(std::string text) const {
    constexpr const char* kHidden = "(hidden)";
    for (const auto& value : values_)
      for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + std::string(kHidden).size()))
        text.replace(at, value.size(), kHidden);
    return text;
  }

 private:
  std::vector<std::string> values_;
};

}  // namespace levada::agent
