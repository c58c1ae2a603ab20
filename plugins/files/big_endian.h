// Numbers as Java writes them.
#pragma once

#include <concepts>
#include <string>

namespace levada::files {

template <std::unsigned_integral Number>
void append_big_endian(std::string& to, Number number) {
  for (int shift = 8 * (static_cast<int>(sizeof number) - 1); shift >= 0; shift -= 8)
    to += static_cast<char>(number >> shift & 0xff);
}

}  // namespace levada::files
