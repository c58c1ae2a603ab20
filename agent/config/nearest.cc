// What a user most likely meant by a name that does not exist.
#include "agent/config/nearest.h"

#include <algorithm>

namespace levada::agent {

namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    if (letter == '-') letter = '_';
  }
  return lower;
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view written, const std::vector<std::string>& names) {
  const std::string wanted = lower_case(written);
  const std::string* best = nullptr;
  size_t best_distance = 0;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(wanted, lower_case(name));
    // A third of the letters: one slip in a short name, two or three in a
    // long one. More is another word.
    const size_t limit = std::max<size_t>(1, std::min(wanted.size(), name.size()) / 3);
    if (distance > limit || distance >= std::max(wanted.size(), name.size())) continue;
    if (best == nullptr || distance < best_distance) {
      best = &name;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : *best;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& names) {
  const std::string name = nearest(written, names);
  return name.empty() ? "" : "; did you mean \"" + name + "\"?";
}

}  // namespace levada::agent
