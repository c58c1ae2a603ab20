#include "nested_builder.h"

#include "json/json_text.h"

namespace levada::parse_json {

NestedBuilder::NestedBuilder(const ColumnType& type, TimeUnit unit, const Column& body)
    : root_(node_of(type, unit, body)) {}

NestedBuilder::Node NestedBuilder::node_of(const ColumnType& type, TimeUnit unit, const Column& body) {
  switch (type.kind) {
    case TypeText::Kind::named: break;
    case TypeText::Kind::structure:
    case TypeText::Kind::list: {
      Node node{type, StructBuilder(), {}};
      if (type.kind == TypeText::Kind::list) node.builder = ListBuilder();
      for (const auto& [name, child] : type.children) node.children.push_back(node_of(child, unit, body));
      return node;
    }
  }
  return {type, CellBuilder(type.cell, type.cell == CellType::timestamp ? unit : TimeUnit::none, body), {}};
}

bool NestedBuilder::append(const CellBuilder::Document& document, TokenCursor cursor) {
  document_ = document;
  fits_ = true;
  append(root_, cursor);
  return fits_;
}

void NestedBuilder::append(Node& node, TokenCursor& cursor) {
  const char first = cursor.here();
  if (node.type.kind == TypeText::Kind::structure && first == '{') return append_struct(node, cursor);
  if (node.type.kind == TypeText::Kind::list && first == '[') return append_list(node, cursor);
  const auto value = cursor.value();
  if (auto* cell = std::get_if<CellBuilder>(&node.builder); cell && !value.empty() && value != "null") {
    ++node.rows;
    if (!cell->append(document_, value)) mismatched(node, value);
    return;
  }
  append_null(node);
  if (value != "null") mismatched(node, value);
}

void NestedBuilder::append_struct(Node& node, TokenCursor& cursor) {
  cursor.next();
  node.expected = 0;
  if (cursor.here() == '}') {
    cursor.next();
  } else {
    for (bool is_last = false; !is_last; cursor.next()) {
      std::string_view key;
      if (!cursor.key(key)) break;
      append_member(node, key, cursor);
      is_last = cursor.here() == '}';
      if (!is_last && cursor.here() != ',') break;
    }
  }
  for (auto& child : node.children)
    if (child.rows == node.rows) append_null(child);
  std::get_if<StructBuilder>(&node.builder)->append();
  ++node.rows;
}

void NestedBuilder::append_member(Node& node, std::string_view key, TokenCursor& cursor) {
  if (document_.has_escapes && key.find('\\') != std::string_view::npos) {
    unescaped_.clear();
    if (unescape(key, unescaped_)) key = unescaped_;
  }
  const auto& members = node.type.children;
  for (size_t tried = 0, at = node.expected; tried < members.size(); ++tried, ++at) {
    if (at == members.size()) at = 0;
    if (members[at].first != key) continue;
    node.expected = at + 1;
    // The first of several members of one name counts.
    if (node.children[at].rows > node.rows) break;
    path_.push_back({&members[at].first, 0});
    append(node.children[at], cursor);
    path_.pop_back();
    return;
  }
  cursor.value();
}

void NestedBuilder::append_list(Node& node, TokenCursor& cursor) {
  cursor.next();
  auto& items = node.children[0];
  if (cursor.here() == ']') {
    cursor.next();
  } else {
    path_.push_back({nullptr, 0});
    for (bool is_last = false; !is_last; cursor.next(), ++path_.back().item) {
      append(items, cursor);
      is_last = cursor.here() == ']';
      if (!is_last && cursor.here() != ',') break;
    }
    path_.pop_back();
  }
  std::get_if<ListBuilder>(&node.builder)->append(items.rows);
  ++node.rows;
}

void NestedBuilder::append_null(Node& node) {
  ++node.rows;
  std::visit([](auto& builder) { builder.append_null(); }, node.builder);
  if (node.type.kind != TypeText::Kind::structure) return;
  for (auto& child : node.children) append_null(child);
}

void NestedBuilder::mismatched(const Node& node, std::string_view found) {
  ++mismatches_;
  if (!std::exchange(fits_, false)) return;
  mismatch_.path.clear();
  for (const auto& step : path_) {
    if (step.member) mismatch_.path.append(".").append(*step.member);
    else mismatch_.path.append("[").append(std::to_string(step.item)).append("]");
  }
  mismatch_.expected = &node.type;
  mismatch_.found = found;
}

Column NestedBuilder::finish(Node& node, std::string name) {
  if (auto* cell = std::get_if<CellBuilder>(&node.builder)) return std::move(*cell).finish(std::move(name));
  std::vector<Column> children;
  for (size_t at = 0; at < node.children.size(); ++at)
    children.push_back(finish(node.children[at], node.type.children[at].first));
  if (auto* lists = std::get_if<ListBuilder>(&node.builder))
    return std::move(*lists).finish(std::move(name), children[0]);
  return std::move(*std::get_if<StructBuilder>(&node.builder)).finish(std::move(name), children);
}

}  // namespace levada::parse_json
