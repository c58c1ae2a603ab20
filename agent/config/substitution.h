// ${env:NAME}, ${env:NAME:-default}, ${file:path} and ${credential:NAME} inside the strings of
// a configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace levada::agent {

struct Substitution {
  std::string text;                  // what the string becomes
  bool any = false;                  // something was substituted or unescaped
  bool whole = false;                // the string was one substitution and nothing else
  std::string error;                 // if not empty: why there is no text
  std::vector<std::string> secrets;  // what files and credentials gave
};

// `folder` is where a relative path in ${file:} starts; "$${" becomes "${".
Substitution substitute(std::string_view written, const std::string& folder);

// The whole file, or why not. More than `most_bytes` is refused: a device or a wrong path.
struct FileText {
  std::string text;
  std::string error;
};
FileText read_file(const std::string& path, size_t most_bytes);

}  // namespace levada::agent
