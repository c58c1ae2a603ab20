// The files of a sink in a test. In the names that a test writes and reads, "ID" stands for the sink's id.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "levada/testkit/fake_host.h"

namespace levada::file_sink {

class SinkFiles {
 public:
  explicit SinkFiles(testkit::FakeHost& host) : host_(host) {}

  // The id of the sink, as its manifest has it; empty before the first commit.
  std::string id() const {
    const auto manifest = host_.files().read_file(host_.data_dir() + "/files");
    constexpr std::string_view kNames = "\nnames\t";
    const auto at = manifest.find(kNames);
    if (at == std::string::npos) return {};
    const auto begin = at + kNames.size();
    return manifest.substr(begin, manifest.find('\t', begin) - begin);
  }
  // The path with the id in place of "ID".
  std::string actual(std::string path) const {
    const auto at = path.find("ID");
    return at == std::string::npos ? path : path.replace(at, 2, id());
  }
  // Of all files below /out, sorted; those for locks are left out.
  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    const auto own = id();
    for (auto& path : host_.files().paths()) {
      if (!path.starts_with("/out") || path.ends_with(".lock")) continue;
      const auto at = own.empty() ? std::string::npos : path.find(own);
      all.push_back(at == std::string::npos ? path : path.replace(at, own.size(), "ID"));
    }
    return all;
  }
  std::string content(const std::string& path) const { return host_.files().read_file(actual(path)); }
  void write(const std::string& path, std::string_view text) { host_.files().write_file(actual(path), text); }
  void rename(const std::string& from, const std::string& to) { host_.files().rename_file(actual(from), actual(to)); }
  void remove(const std::string& path) { host_.files().remove_file(actual(path)); }

 private:
  testkit::FakeHost& host_;
};

}  // namespace levada::file_sink
