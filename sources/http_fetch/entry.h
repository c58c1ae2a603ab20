// What is to be fetched: entries of the configuration and of a list file, each with a name, a URL
// and values that become columns.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/options.h"
#include "levada/result.h"

namespace levada::http_fetch {

struct Entry {
  std::string name;
  std::string url;                                           // http, https, file, or a path.
  std::vector<std::pair<std::string, std::string>> headers;  // Of its requests alone.
  std::vector<std::pair<std::string, std::string>> values;   // "category" and whatever else it says.

  // Null where it has no such value. "name" and "url" are values, too.
  const std::string* value(std::string_view column) const;
  bool is_file() const;
  std::string path() const;  // Of a file.
  std::string host() const;  // For messages: the rest of a URL may have secrets in it.
};

// Of the option `urls`: a table for each name, or the URL alone.
Result<std::vector<Entry>> entries_of(const Tree& urls);
// Of a list in CSV with a header that has "name" and "url"; faults have the place, "lists.csv:3".
Result<std::vector<Entry>> entries_of_csv(const std::string& path, std::string_view text);
// Of a list in YAML, a sequence of tables; faults have the place, "lists.yaml:3:5".
Result<std::vector<Entry>> entries_of_yaml(const std::string& path, std::string_view text);
// Why a name or URL cannot be one; empty where it can.
std::string fault_of(const Entry& entry);

}  // namespace levada::http_fetch
