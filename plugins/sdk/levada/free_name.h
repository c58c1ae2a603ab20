// Names for files that nobody has: a rename would replace a file that has the name.
#pragma once

#include <cerrno>
#include <string>

#include "levada/host.h"

namespace levada {

// Neither a file nor a folder has the name.
inline Result<bool> is_free(const Files& files, const std::string& name) {
  levada_file_info info{};
  const auto found = files.stat(name, info);
  if (found < 0 && found != -ENOENT) return file_error("stat", name, found);
  return found < 0;
}

// The first free one of the names `name(0)`, `name(1)`, ... Of a file that has one of them `is_ours(its
// info)` says whether it needs no name any more: then an empty one is given.
template <class Name, class IsOurs>
Result<std::string> first_free(const Files& files, Name name, IsOurs is_ours) {
  for (int number = 0;; ++number) {
    std::string tried = name(number);
    levada_file_info info{};
    const auto found = files.stat(tried, info);
    if (found == -ENOENT) return tried;
    if (found < 0) return file_error("stat", tried, found);
    Result<bool> ours = is_ours(info);
    if (!ours) return std::move(ours).error();
    if (*ours) return std::string();
  }
}

// The name, or the first free one of "NAME.1", "NAME.2", ... where it is taken.
inline Result<std::string> free_name(const Files& files, const std::string& name) {
  const auto numbered = [&](int number) { return number == 0 ? name : name + "." + std::to_string(number); };
  return first_free(files, numbered, [](const levada_file_info&) { return false; });
}

}  // namespace levada
