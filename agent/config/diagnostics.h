// What is wrong with a configuration: every finding of one run with the place
// in the file that it is about.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace levada::agent {

// A place in a configuration file. Line and column count from 1; line 0
// stands for the file as a whole.
struct Location {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;

  // "agent.toml:12:1", or only the file.
  std::string text() const;
};

struct Diagnostic {
  Location location;
  std::string message;

  // "agent.toml:12:1: message".
  std::string text() const { return location.text() + ": " + message; }
};

class Diagnostics {
 public:
  void add(Location location, std::string message);
  // The same, about the option or table that `path` names: "path: message".
  void add(Location location, const std::string& path, const std::string& message);

  bool empty() const { return found_.empty(); }
  size_t size() const { return found_.size(); }

  // By file, line and column; what was found twice is there once.
  std::vector<Diagnostic> sorted() const;
  // One line for each, in that order.
  std::string text() const;

 private:
  std::vector<Diagnostic> found_;
};

}  // namespace levada::agent
