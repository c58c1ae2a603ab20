#include "agent/config/folders.h"

#include <algorithm>
#include <filesystem>

namespace levada::agent {
namespace {

namespace fs = std::filesystem;

// The name of one folder inside another: all of it, or what it begins with where columns or the time follow.
struct Name {
  std::string begin;
  bool is_whole = true;

  bool may_be(const Name& other) const {
    if (is_whole && other.is_whole) return begin == other.begin;
    return is_whole ? begin.starts_with(other.begin) : other.is_whole ? other.begin.starts_with(begin) : true;
  }
};

using FolderPath = std::vector<Name>;

// A folder that a component uses, as an option of it says.
struct Use {
  std::string component, option;
  Location location;
  FolderPath path;
  bool with_all_below = false;
};

// "/data/{host}/%Y": what stands before the first column or time is looked up, so that links do not matter.
FolderPath read_path(const std::string& text, bool has_columns) {
  const size_t known = has_columns ? std::min(text.find_first_of("{%"), text.size()) : text.size();
  const size_t folder_end = known == text.size() ? known : text.rfind('/', known);
  std::error_code failed;
  const fs::path fixed = folder_end == text.npos ? "." : text.substr(0, std::max<size_t>(folder_end, 1));
  fs::path whole = fs::weakly_canonical(fs::absolute(fixed, failed), failed);
  FolderPath path;
  for (const auto& part : whole)
    if (!part.empty()) path.push_back({part.string()});
  if (folder_end == known) return path;
  for (const auto& part : fs::path(folder_end == text.npos ? text : text.substr(folder_end + 1))) {
    const std::string name = part.string();
    const size_t end = name.find_first_of("{%");
    if (!name.empty()) path.push_back({name.substr(0, end), end == name.npos});
  }
  return path;
}

bool begins_with(const FolderPath& path, const FolderPath& begin) {
  return path.size() >= begin.size() &&
         std::equal(begin.begin(), begin.end(), path.begin(), [](const Name& a, const Name& b) { return a.may_be(b); });
}

// Whether what lies in the folder `inner` is read by `reader`.
bool reads(const Use& reader, const FolderPath& inner) {
  return begins_with(inner, reader.path) && (reader.with_all_below || inner.size() == reader.path.size());
}

void add_uses(const ComponentConfig& config, uint32_t flag, std::vector<Use>& uses) {
  if (!config.sound()) return;
  const Options options(config.component->options, config.component->option_count);
  bool with_all_below = false;
  for (const auto& option : options)
    if ((option.flags & flag) != 0 && option.type == LEVADA_BOOLEAN)
      with_all_below |= config.values.integer(option.name) != 0;
  for (const auto& option : options) {
    if ((option.flags & flag) == 0 || option.type != LEVADA_STRING || !config.values.is_set(option.name)) continue;
    const std::string text = config.values.text(option.name);
    if (text.empty()) continue;
    uses.push_back({config.path, option.name, config.values.locate(option.name),
                    read_path(text, flag == LEVADA_WRITES_FOLDER), with_all_below});
  }
}

}  // namespace

void check_folders(const Topology& topology, Diagnostics& diagnostics) {
  std::vector<Use> readers, writers;
  for (const auto& source : topology.sources) add_uses(source, LEVADA_READS_FOLDER, readers);
  for (const auto& sink : topology.sinks) add_uses(sink, LEVADA_WRITES_FOLDER, writers);
  for (size_t second = 0; second < readers.size(); ++second) {
    const Use& reader = readers[second];
    for (size_t first = 0; first < second; ++first)
      if (reads(readers[first], reader.path) || reads(reader, readers[first].path))
        diagnostics.add(reader.location, reader.component + "." + reader.option,
                        "reads a folder that " + readers[first].component +
                            " reads, too: both would take the same files; give each a folder of its own");
    for (const auto& writer : writers)
      if (reads(reader, writer.path))
        diagnostics.add(writer.location, writer.component + "." + writer.option,
                        "writes into the folder that " + reader.component +
                            " reads: rows would go round for ever; give the sink a folder of its own");
  }
}

}  // namespace levada::agent
