// What malloc has given out and not got back.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

namespace levada::testkit {

// Bytes in the whole process; nothing where the C library does not tell, and with sanitizers, which
// find leaks themselves.
std::optional<size_t> malloc_in_use();

// Bytes that each turn leaves behind, at least; 0 for none. They run in threads of their own, one
// after the other. Turns have to be alike: what only the
// first ones leave behind (caches, tables that grow to their size) does not count, what every
// single one does is never given back.
size_t bytes_left_by_each(const std::function<void()>& turn);

}  // namespace levada::testkit
