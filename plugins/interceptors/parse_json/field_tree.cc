#include "field_tree.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "json/json_text.h"

namespace levada::parse_json {

namespace {
// Keys are short: comparing two pieces that overlap is quicker than the
// call that compares any size.
bool same(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  if (size != b.size()) return false;
  const auto piece = [&]<class Word>(Word, size_t at) {
    Word one, other;
    std::memcpy(&one, a.data() + at, sizeof one);
    std::memcpy(&other, b.data() + at, sizeof other);
    return one ^ other;
  };
  if (size > 16) return a == b;
  if (size >= 8) return (piece(uint64_t{}, 0) | piece(uint64_t{}, size - 8)) == 0;
  if (size >= 4) return (piece(uint32_t{}, 0) | piece(uint32_t{}, size - 4)) == 0;
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}
}  // namespace

bool FieldTree::add(std::string_view pointer) {
  if (pointer.empty() || pointer[0] != '/') return false;
  Node* node = &root_;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto segment = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(segment.size());
    std::string key;
    for (size_t at = 0; at < segment.size(); ++at) {
      if (segment[at] != '~') {
        key += segment[at];
      } else {
        ++at;
        if (at == segment.size() || (segment[at] != '0' && segment[at] != '1')) return false;
        key += segment[at] == '0' ? '~' : '/';
      }
    }
    const auto found =
        std::find_if(node->children.begin(), node->children.end(), [&](const Node& child) { return child.key == key; });
    if (found != node->children.end()) {
      node = &*found;
      continue;
    }
    node->sizes |= size_bit(key);
    node = &node->children.emplace_back();
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), node->index);
    const bool is_index =
        error == std::errc() && end == key.data() + key.size() && (key == "0" || (key[0] >= '1' && key[0] <= '9'));
    if (!is_index) node->index = -1;
    node->key = std::move(key);
  }
  if (node->slot < 0) {
    node->slot = static_cast<int32_t>(values_.size());
    values_.emplace_back();
  }
  slots_.push_back(static_cast<uint32_t>(node->slot));
  return true;
}

bool FieldTree::read(TokenCursor cursor, bool has_escapes) {
  clear();
  missing_ = values_.size();
  has_escapes_ = has_escapes;
  return cursor.here() == '{' && object(root_, cursor) && (missing_ == 0 || cursor.is_behind_last());
}

bool FieldTree::read_plain(PlainTokens tokens) {
  clear();
  return tokens.open_object() && plain_object(root_, tokens, PlainTokens::kMaxDepth) && tokens.is_behind_last();
}

namespace {
// Puts values down as they come; an object or array once it ends.
class Finds {
 public:
  explicit Finds(FieldTree::Found* values) : values_(values) {}
  void text(int32_t slot, const char* begin, const char* end) {
    auto& value = values_[slot];
    if (value.text.empty()) value = {{begin, static_cast<size_t>(end - begin)}, 0, false};
  }
  void integer(int32_t slot, const char* begin, const char* end, int64_t integer) {
    auto& value = values_[slot];
    if (value.text.empty()) value = {{begin, static_cast<size_t>(end - begin)}, integer, true};
  }
  void open(int32_t slot, const char* begin) {
    auto& value = values_[slot];
    if (value.text.empty()) value = {{begin, 0}, 0, false};
  }
  void close(int32_t slot, const char* end) {
    auto& value = values_[slot];
    if (value.text.empty()) value.text = {value.text.data(), static_cast<size_t>(end - value.text.data())};
  }

 private:
  FieldTree::Found* values_;
};
}  // namespace

bool FieldTree::read_known(std::string_view text, const char* readable_end) {
  clear();
  Finds finds(values_.data());
  return shapes_.read(text, readable_end, finds);
}

WantedValues::Place FieldTree::member(Place object, std::string_view key) const {
  for (const auto& child : static_cast<const Node*>(object)->children)
    if (child.key == key) return &child;
  return nullptr;
}

void FieldTree::clear() {
  for (auto& value : values_) value.text = {};
}

bool FieldTree::put(const Node& node, std::string_view value) {
  if (node.slot < 0) return false;
  auto& found = values_[static_cast<size_t>(node.slot)];
  if (!found.text.empty()) return false;
  found = {value, 0, false};
  return true;
}

// Behind the bracket that opens the object.
bool FieldTree::plain_object(Node& node, PlainTokens& tokens, int depth) {
  if (tokens.close_empty()) return true;
  for (bool is_last = false; !is_last;) {
    std::string_view key;
    if (!tokens.key(key)) return false;
    Node* child = find_child(node, key);
    if (!(child ? plain_member(*child, tokens, depth) : tokens.value(depth))) return false;
    if (!tokens.behind_member(is_last)) return false;
  }
  return true;
}

bool FieldTree::plain_member(Node& child, PlainTokens& tokens, int depth) {
  const char* mark = tokens.mark();
  if (child.children.empty() || (*mark != '{' && *mark != '[')) {
    if (!tokens.value(depth)) return false;
  } else {
    // Elements of arrays are left to `read`.
    if (*mark == '[' || depth == 0) return false;
    tokens.open();
    if (!plain_object(child, tokens, depth - 1)) return false;
  }
  put(child, tokens.since(mark));
  return true;
}

FieldTree::Node* FieldTree::find(Node& node, std::string_view key) {
  if (has_escapes_ && key.find('\\') != std::string_view::npos) {
    unescaped_.clear();
    if (!unescape(key, unescaped_)) return nullptr;
    key = unescaped_;
  }
  return find_child(node, key);
}

FieldTree::Node* FieldTree::find_child(Node& node, std::string_view key) {
  if (node.expected < node.children.size() && same(node.children[node.expected].key, key))
    return &node.children[node.expected++];
  // Tells most keys that nobody asks for.
  if ((node.sizes & size_bit(key)) == 0) return nullptr;
  const size_t count = node.children.size();
  for (size_t tried = 0, at = node.expected; tried < count; ++tried, ++at) {
    if (at >= count) at = 0;
    if (!same(node.children[at].key, key)) continue;
    node.expected = at + 1;
    return &node.children[at];
  }
  return nullptr;
}

FieldTree::Node* FieldTree::find(Node& node, int64_t index) {
  for (auto& child : node.children)
    if (child.index == index) return &child;
  return nullptr;
}

// Both leave a document half-way once all values are found.
bool FieldTree::object(Node& node, TokenCursor& cursor) {
  cursor.next();
  if (cursor.here() == '}') {
    cursor.next();
    return true;
  }
  for (;; cursor.next()) {
    std::string_view key;
    if (!cursor.key(key) || !member(find(node, key), cursor)) return false;
    if (missing_ == 0) return true;
    if (cursor.here() == '}') break;
    if (cursor.here() != ',') return false;
  }
  cursor.next();
  return true;
}

bool FieldTree::array(Node& node, TokenCursor& cursor) {
  cursor.next();
  if (cursor.here() == ']') {
    cursor.next();
    return true;
  }
  for (int64_t index = 0;; ++index, cursor.next()) {
    if (!member(find(node, index), cursor)) return false;
    if (missing_ == 0) return true;
    if (cursor.here() == ']') break;
    if (cursor.here() != ',') return false;
  }
  cursor.next();
  return true;
}

bool FieldTree::member(Node* child, TokenCursor& cursor) {
  if (!child) return !cursor.value().empty();
  // Its own text, also where values within it are wanted: those come from a second pass over it.
  TokenCursor inside = cursor;
  const auto value = cursor.value();
  if (value.empty()) return false;
  missing_ -= put(*child, value);
  if (child->children.empty() || missing_ == 0) return true;
  if (value[0] == '{') return object(*child, inside);
  return value[0] != '[' || array(*child, inside);
}

}  // namespace levada::parse_json
