// A random number by which an instance is known outside, kept in its data_dir for as long as that
// lives.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "levada/checked_text.h"
#include "levada/host.h"

namespace levada {

// 16 hexadecimal digits out of the file `name` in data_dir, which is made where it is missing.
// `first_line` says what the file is. FATAL where it is damaged.
inline Result<std::string> kept_id(const Host& host, const std::string& name, std::string_view first_line) {
  const auto path = host.data_dir() + "/" + name;
  LEVADA_TRY(host.files().make_folder(host.data_dir()));
  auto id = load_checked(host.files(), path, first_line);
  if (!id) return id.code() == Code::reject ? fatal(id.error().message) : std::move(id).error();
  if (!*id) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(host.random()));
    *id = std::string(digits) + "\n";
    LEVADA_TRY(save_checked(host.files(), path, first_line, **id));
  }
  (*id)->pop_back();
  return *std::move(*id);
}

}  // namespace levada
