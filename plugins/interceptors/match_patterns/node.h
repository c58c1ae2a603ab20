// What a user wrote of patterns, in the configuration or in a file of their own: the same to
// whoever reads it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "levada/options.h"

namespace levada::match_patterns {

struct Node {
  enum class Kind { missing, text, list, table, other };
  Kind kind = Kind::missing;
  std::string key;
  std::string text;         // Of a text.
  std::vector<Node> items;  // Of a list or a table, in the order in which they stand there.
  std::string path;         // "patterns.ipv4": as an option of the interceptor.
  size_t offset = 0;        // In the file: where the value begins. In the configuration 0.

  // The item of a table; null where there is none.
  const Node* find(std::string_view name) const {
    for (const auto& item : items)
      if (item.key == name) return &item;
    return nullptr;
  }
};

// What is wrong, and where: at a value, or at a byte of the text that it is.
struct Fault {
  std::string path;
  size_t offset = 0;
  std::optional<size_t> byte;
  std::string why;
};
inline Fault fault_at(const Node& node, std::string why) {
  return {node.path, node.offset, std::nullopt, std::move(why)};
}

// An option of the interceptor as a node.
inline Node node_of(const Tree& tree, std::string path) {
  Node node;
  node.path = std::move(path);
  if (!tree) return node;
  node.key = std::string(tree.key());
  switch (tree.type()) {
    case LEVADA_STRING:
      node.kind = Node::Kind::text;
      node.text = std::string(tree.text());
      return node;
    case LEVADA_STRINGS: node.kind = Node::Kind::list; break;
    case LEVADA_TREE: node.kind = Node::Kind::table; break;
    default: node.kind = Node::Kind::other; return node;
  }
  for (size_t at = 0; at < tree.size(); ++at) {
    auto& item = node.items.emplace_back();
    if (node.kind == Node::Kind::table) {
      item = node_of(tree[at], node.path + "." + std::string(tree[at].key()));
    } else {
      item.kind = Node::Kind::text;
      item.text = std::string(tree[at].text());
      item.path = node.path;
    }
  }
  return node;
}

}  // namespace levada::match_patterns
