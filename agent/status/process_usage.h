// What this process takes of the machine.
#pragma once

#include <cstdint>

namespace levada::agent {

struct ProcessUsage {
  double cpu_seconds = 0;    // User and system, of all threads.
  double start_seconds = 0;  // Since 1970.
  int64_t resident_bytes = 0, virtual_bytes = 0;
  int64_t threads = 0;
  int64_t open_files = 0, open_files_max = 0;

  // What the system does not tell is 0.
  static ProcessUsage now();
};

}  // namespace levada::agent
