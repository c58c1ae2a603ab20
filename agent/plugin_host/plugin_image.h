// The bytes of a plugin file: checked to be a whole shared library, and copied, so that whatever
// becomes of the file later does no harm to whoever runs it.
#pragma once

#include <string>

#include "levada/result.h"

namespace levada::agent {

class PluginImage {
 public:
  // Refuses a file or folder that others may write to, and a file that is no whole shared library.
  static Result<PluginImage> read(const std::string& path);
  PluginImage(PluginImage&& other) noexcept;
  PluginImage& operator=(PluginImage&& other) noexcept;
  ~PluginImage();

  const std::string& path() const { return path_; }
  // A file that was changed or replaced has another.
  const std::string& identity() const { return identity_; }
  // What the loader of this process is given: a copy in memory, which lives as long as the
  // image. Debuggers can read it while the process lives, and /proc/PID/maps shows the
  // file's name. A library that looks for others beside itself ($ORIGIN) is loaded from
  // where it lies, and is no copy.
  std::string loadable() const;
  bool is_copy() const { return descriptor_ >= 0; }
  // Of the file that was read.
  const std::string& inode() const { return inode_; }

 private:
  PluginImage(std::string path, std::string inode, const std::string& version)
      : path_(std::move(path)), inode_(std::move(inode)), identity_(path_ + "|" + inode_ + "|" + version) {}

  std::string path_, inode_, identity_;
  int descriptor_ = -1;  // Of the copy; -1: there is none.
};

}  // namespace levada::agent
