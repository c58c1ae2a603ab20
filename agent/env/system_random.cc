#include "agent/env/system_random.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace levada::agent {

const levada_random* system_random() {
  static const levada_random table = {
      sizeof table, nullptr, [](void*, void* to, size_t bytes) {
        // It gives at most 256 bytes at once, and fails on
        // no system that this runs on.
        for (size_t at = 0; at < bytes; at += 256)
          if (::getentropy(static_cast<char*>(to) + at, std::min<size_t>(bytes - at, 256)) < 0) std::abort();
      }};
  return &table;
}

}  // namespace levada::agent
