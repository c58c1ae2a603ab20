// Order and form of the findings about a configuration.
#include "agent/config/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace levada::agent {

std::string Location::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void Diagnostics::add(Location location, std::string message) {
  found_.push_back({std::move(location), std::move(message)});
}

void Diagnostics::add(Location location, const std::string& path, const std::string& message) {
  add(std::move(location), path + ": " + message);
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  const auto place = [](const Diagnostic& one) {
    return std::tie(one.location.file, one.location.line, one.location.column);
  };
  std::vector<Diagnostic> all;
  for (const Diagnostic& one : found_) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const Diagnostic& other) {
      return place(one) == place(other) && one.message == other.message;
    });
    if (!known) all.push_back(one);
  }
  std::stable_sort(all.begin(), all.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  return all;
}

std::string Diagnostics::text() const {
  std::string lines;
  for (const Diagnostic& one : sorted()) lines += one.text() + "\n";
  return lines;
}

}  // namespace levada::agent
