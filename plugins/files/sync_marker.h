// What stands between the records of a file by chance, so that a reader may begin anywhere in it.
#pragma once

#include <string>

#include "files/big_endian.h"
#include "levada/host.h"

namespace levada::files {

// 16 bytes that stand nowhere else.
inline std::string new_sync_marker(Host host) {
  std::string marker;
  for (int half = 0; half < 2; ++half) append_big_endian(marker, host.random());
  return marker;
}

}  // namespace levada::files
