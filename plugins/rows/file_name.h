// File names as text: they are any bytes, but JSON and text columns are UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace levada::rows {

// What JSON would escape, '%', and all that is no ASCII in a name that is no UTF-8 becomes %XX.
std::string to_text(std::string_view name);
std::string from_text(std::string_view text);

// For people: the name as it is, or as to_text has it where it is no UTF-8.
std::string to_display(const std::string& name);

}  // namespace levada::rows
