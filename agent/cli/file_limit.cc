#include "agent/cli/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

#include "agent/base/numbers.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

// What is open at a time, at most: a file that is written and one that is read for each reader of a
// file channel, and what a component may need.
rlim_t files_needed(const Topology& topology) {
  constexpr size_t kOfEachComponent = 4, kOfTheProcess = 64;
  size_t components = topology.sources.size() + topology.sinks.size();
  for (const auto& channel : topology.channels) components += channel.type == ChannelConfig::Type::file;
  return components * kOfEachComponent + kOfTheProcess;
}

}  // namespace

// The soft limit is there for programs that cannot do with more than
// 1,024 descriptors; this one can.
void raise_file_limit(const Topology& topology) {
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  const rlim_t needed = files_needed(topology);
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, std::max<rlim_t>(needed, 65536)));
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed) return;
  log_warning("", "the process may have " + grouped(static_cast<int64_t>(limit.rlim_cur)) +
                      " open files, and this configuration needs up to " + grouped(static_cast<int64_t>(needed)) +
                      ": raise the limit (ulimit -n, LimitNOFILE)");
}

}  // namespace levada::agent
