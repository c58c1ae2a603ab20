// Reads a configuration: the main file, then conf.d/*.toml beside it in the order
// of their names, as one tree.
#include "agent/config/document.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "agent/config/substitution.h"
#include "agent/config/toml_parser.h"

namespace levada::agent {

namespace {

constexpr size_t kMostConfigurationBytes = 64 << 20;

void substitute_all(Node& node, const std::string& path, const std::string& folder, Secrets& secrets,
                    Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::string) {
    Substitution result = substitute(node.text, folder);
    for (auto& secret : result.secrets) secrets.add(std::move(secret));
    if (!result.error.empty()) {
      diagnostics.add(node.location, path, result.error);
      node.missing = true;
      return;
    }
    if (!result.any) return;
    node.written = std::exchange(node.text, std::move(result.text));
    node.substituted = result.whole;
    return;
  }
  for (Node& item : node.items) {
    substitute_all(item, node.kind == Node::Kind::table ? join_path(path, item.key) : path, folder, secrets,
                   diagnostics);
  }
}

void merge(Node& into, Node&& from, const std::string& path, Diagnostics& diagnostics) {
  for (Node& item : from.items) {
    const auto known =
        std::find_if(into.items.begin(), into.items.end(), [&](const Node& other) { return other.key == item.key; });
    const std::string below = join_path(path, item.key);
    if (known == into.items.end()) {
      into.items.push_back(std::move(item));
    } else if (known->kind == Node::Kind::table && item.kind == Node::Kind::table) {
      merge(*known, std::move(item), below, diagnostics);
    } else {
      diagnostics.add(item.key_location, below, "set twice; first at " + known->key_location.text());
    }
  }
}

// The main file and what conf.d adds to it.
std::vector<std::string> files_of(const std::string& path, Diagnostics& diagnostics) {
  std::vector<std::string> files;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path() / "conf.d";
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) {
    std::filesystem::directory_iterator entries(folder, error);
    if (error) diagnostics.add({folder.string()}, "cannot be read: " + error.message());
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
      const std::filesystem::path& file = entries->path();
      if (file.extension() == ".toml" && !file.filename().string().starts_with('.')) files.push_back(file.string());
    }
  }
  std::sort(files.begin(), files.end());
  files.insert(files.begin(), path);
  return files;
}

// From the header `[agent]` to the next one, in a text that cannot be parsed as a whole; the rest
// is left empty, so that places stay right. Nothing where there is no such header.
std::optional<std::string> agent_lines(std::string_view text) {
  std::string kept;
  bool is_found = false, is_inside = false;
  while (!text.empty()) {
    const auto line = text.substr(0, std::min(text.find('\n'), text.size()));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto begin = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    if (begin.starts_with('[')) is_inside = begin.starts_with("[agent]");
    is_found |= is_inside;
    if (is_inside) kept += line;
    kept += '\n';
  }
  return is_found ? std::optional(kept) : std::nullopt;
}

}  // namespace

std::optional<Document> read_document(const std::string& path, Diagnostics& diagnostics) {
  Document document{path, {}, {}};
  document.root.location = {path, 1, 1};
  bool readable = true;
  std::vector<Node> roots;
  for (const std::string& file : files_of(path, diagnostics)) {
    const FileText content = read_file(file, kMostConfigurationBytes);
    if (!content.error.empty()) {
      diagnostics.add({file}, content.error);
      readable = false;
      continue;
    }
    std::optional<Node> root = parse_toml(content.text, file, diagnostics);
    if (!root) {
      readable = false;
      continue;
    }
    substitute_all(*root, "", std::filesystem::path(file).parent_path().string(), document.secrets, diagnostics);
    roots.push_back(*std::move(root));
  }
  if (!readable) return std::nullopt;
  for (Node& root : roots) merge(document.root, std::move(root), "", diagnostics);
  return document;
}

std::optional<Document> read_agent_table(const std::string& path, Diagnostics& diagnostics) {
  Document document{path, {}, {}};
  document.root.location = {path, 1, 1};
  Diagnostics ignored;
  for (const std::string& file : files_of(path, ignored)) {
    const FileText content = read_file(file, kMostConfigurationBytes);
    if (!content.error.empty()) return std::nullopt;
    std::optional<Node> root = parse_toml(content.text, file, ignored);
    if (!root) {
      const auto lines = agent_lines(content.text);
      if (!lines && file == path) return std::nullopt;
      if (!lines) continue;
      root = parse_toml(*lines, file, diagnostics);
      if (!root) return std::nullopt;
    }
    std::erase_if(root->items, [](const Node& item) { return item.key != "agent"; });
    substitute_all(*root, "", std::filesystem::path(file).parent_path().string(), document.secrets, diagnostics);
    merge(document.root, *std::move(root), "", diagnostics);
  }
  return document.root.items.empty() ? std::nullopt : std::optional(std::move(document));
}

std::optional<Node> parse_value(std::string_view toml) {
  Diagnostics ignored;
  std::optional<Node> root = parse_toml("value = " + std::string(toml), "", ignored);
  if (!root || root->items.size() != 1) return std::nullopt;
  Node value = std::move(root->items.front());
  value.key.clear();
  return value;
}

}  // namespace levada::agent
