#include "agent/status/process_usage.h"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace levada::agent {
namespace {

std::string read_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Seconds since 1970. A service of systemd sees no /proc/stat, which has it, too.
double boot_time() {
  timespec now{}, since_boot{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return static_cast<double>(now.tv_sec - since_boot.tv_sec) +
         static_cast<double>(now.tv_nsec - since_boot.tv_nsec) / 1e9;
}

int64_t count_open_files() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (!folder) return 0;
  int64_t count = 0;
  while (const auto* entry = ::readdir(folder)) count += entry->d_name[0] != '.';
  ::closedir(folder);
  return count - 1;  // The folder itself.
}

}  // namespace

ProcessUsage ProcessUsage::now() {
  ProcessUsage usage;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<int64_t>(::sysconf(_SC_PAGESIZE));
  // Behind the name of the program, which may have anything in it.
  const auto line = read_line("/proc/self/stat");
  const auto behind = line.rfind(')');
  if (behind != line.npos) {
    std::istringstream fields(line.substr(behind + 1));
    std::string skipped;
    double user = 0, system = 0, start = 0;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    fields >> user >> system;
    for (int field = 16; field < 20; ++field) fields >> skipped;
    fields >> usage.threads >> skipped >> start >> usage.virtual_bytes >> usage.resident_bytes;
    usage.cpu_seconds = (user + system) / ticks;
    usage.resident_bytes *= page;
    static const double booted = boot_time();
    usage.start_seconds = booted + start / ticks;
  }
  usage.open_files = count_open_files();
  if (rlimit limit; ::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    usage.open_files_max = static_cast<int64_t>(limit.rlim_cur);
  return usage;
}

}  // namespace levada::agent
