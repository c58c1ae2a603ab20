// What components a plugin has, read from a section of its file and not by loading it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace levada::agent {

struct IndexedComponent {
  uint32_t kind;
  std::string name;
  bool operator==(const IndexedComponent&) const = default;
};

// Nothing where the file has no such section, or is no whole shared library.
std::optional<std::vector<IndexedComponent>> read_plugin_index(const std::string& path);

}  // namespace levada::agent
