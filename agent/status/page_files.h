// The files of the status page, which are built into the program.
#pragma once

#include <span>
#include <string_view>

namespace levada::agent {

struct PageFile {
  std::string_view path, type, content;  // "/page/main.js", "text/javascript"
};

// "/" is the page itself.
std::span<const PageFile> page_files();

}  // namespace levada::agent
