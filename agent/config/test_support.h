// For the tests of this folder: configurations in a folder of their own, and a few components that do nothing.
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "agent/config/topology.h"

namespace levada::agent {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "levada-config-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string& name) const { return path_ + "/" + name; }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
  }

  // The text with the files named as they are in the folder.
  std::string without_folder(std::string text) const {
    for (size_t at = 0; (at = text.find(path_ + "/", at)) != std::string::npos;) text.erase(at, path_.size() + 1);
    return text;
  }

 private:
  std::string path_;
};

inline constexpr auto kSpoolOptions = std::to_array<levada_option>({
    {"path", LEVADA_STRING, LEVADA_REQUIRED | LEVADA_READS_FOLDER, nullptr, nullptr,
     "Folder that files are dropped into."},
    {"recursive", LEVADA_BOOLEAN, LEVADA_ADVANCED | LEVADA_READS_FOLDER, nullptr, "false",
     "Whether folders inside it are read."},
    {"completed", LEVADA_CHOICE, 0, "rename|move|delete|keep", "\"rename\"", "What becomes of a file that was read."},
    {"settle", LEVADA_DURATION, 0, nullptr, "\"5s\"", "How long a file must have been left alone."},
    {"line_bytes", LEVADA_SIZE, LEVADA_ADVANCED, nullptr, "\"1MiB\"", "The longest line."},
    {"formats", LEVADA_STRINGS, 0, "gzip|zstd", "[]", "Which compressed files are read."},
});
inline constexpr auto kParseOptions = std::to_array<levada_option>({
    {"columns", LEVADA_TREE, 0, nullptr, nullptr, "Columns to make."},
    {"strict", LEVADA_BOOLEAN, 0, nullptr, "false", "Whether a row without a column is rejected."},
});
inline constexpr auto kKafkaOptions = std::to_array<levada_option>({
    {"brokers", LEVADA_STRINGS, LEVADA_REQUIRED, nullptr, nullptr, "Where to ask for the cluster."},
    {"topic", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr, "Topic, with columns in braces: logs-{host}."},
    {"port", LEVADA_INTEGER, 0, nullptr, "9092", "Port of brokers that name none."},
    {"password", LEVADA_STRING, LEVADA_SECRET, nullptr, nullptr, "Password."},
    {"headers", LEVADA_TABLE, 0, nullptr, nullptr, "Headers of each record."},
    {"librdkafka", LEVADA_TREE, LEVADA_ADVANCED, nullptr, nullptr, "Settings for the library."},
    {"ratio", LEVADA_NUMBER, 0, nullptr, "0.5", "A ratio."},
});

inline constexpr auto kFileOptions = std::to_array<levada_option>({
    {"to", LEVADA_STRING, LEVADA_REQUIRED | LEVADA_WRITES_FOLDER, nullptr, nullptr, "Folder to write to."},
});

class TestCatalogue : public ComponentCatalogue {
 public:
  const levada_component* find(uint32_t kind, std::string_view type) const override {
    for (const levada_component& component : components_) {
      if (component.kind == kind && component.name == type) return &component;
    }
    return nullptr;
  }
  std::vector<std::string> names(uint32_t kind) const override {
    std::vector<std::string> names;
    for (const levada_component& component : components_) {
      if (component.kind == kind) names.emplace_back(component.name);
    }
    return names;
  }

 private:
  static levada_component component(uint32_t kind, const char* name, const char* summary, Options options) {
    levada_component made{};
    made.size = sizeof made;
    made.kind = kind;
    made.name = name;
    made.summary = summary;
    made.options = options.data();
    made.option_count = options.size();
    return made;
  }

  std::vector<levada_component> components_ = {
      component(LEVADA_SOURCE, "generate", "Makes rows.", {}),
      component(LEVADA_SOURCE, "spool", "Reads files that are dropped into a folder.", kSpoolOptions),
      component(LEVADA_INTERCEPTOR, "clean_json", "Makes one object a row.", {}),
      component(LEVADA_INTERCEPTOR, "parse_json", "Makes columns of objects.", kParseOptions),
      component(LEVADA_SINK, "file", "Writes files.", kFileOptions),
      component(LEVADA_SINK, "kafka", "Writes to Kafka.", kKafkaOptions),
      component(LEVADA_SINK, "null", "Writes nowhere.", {}),
  };
};

// All three steps over a configuration of agent.toml and the other files given.
struct TestRun {
  using Files = std::vector<std::pair<std::string, std::string>>;

  explicit TestRun(const std::string& toml, const Files& others = {}) {
    folder.write("agent.toml", toml);
    for (const auto& [name, text] : others) folder.write(name, text);
    const std::optional<Document> document = read_document(folder.path("agent.toml"), diagnostics);
    if (!document) return;
    agent = read_agent(*document, diagnostics);
    topology = read_topology(*document, catalogue, diagnostics);
  }

  // "agent.toml:1:2: message", one a line.
  std::string findings() const { return folder.without_folder(diagnostics.text()); }

  TestFolder folder;
  TestCatalogue catalogue;
  Diagnostics diagnostics;
  AgentConfig agent;
  Topology topology;
};

}  // namespace levada::agent
