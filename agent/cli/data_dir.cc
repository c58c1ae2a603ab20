#include "agent/cli/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/env/system_files.h"
#include "levada/host.h"

namespace levada::agent {

Done lock_data_dir(const std::string& data_dir) {
  LEVADA_TRY(Files(system_files()).make_folder(data_dir));
  const std::string path = data_dir + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return fatal("open " + path + ": " + std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  ::close(fd);
  return fatal("another agent runs on " + data_dir + ": stop it, or give this one a data_dir of its own");
}

Done check_used(const std::string& data_dir) {
  const Files files{system_files()};
  const auto never = fatal("no agent has ever run on the data_dir " + data_dir + ": there is nothing to show");
  if (!files.exists(data_dir)) return never;
  const auto entries = files.list(data_dir);
  if (!entries) return entries.error();
  return entries->empty() ? Done(never) : Done();
}

}  // namespace levada::agent
