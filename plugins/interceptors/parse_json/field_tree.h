// The values that several JSON pointers name, found in one pass over a document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "token_cursor.h"

namespace levada::parse_json {

class FieldTree {
 public:
  // Adds a pointer of RFC 6901 ("/u/url", "/list/0"); its value gets the next number. False where it is none.
  bool add(std::string_view pointer);

  // Finds the values in an object; false where its tokens make no sense. `has_escapes`: there are backslashes in the
  // text.
  bool read(TokenCursor cursor, bool has_escapes);
  // The text of a value, a string with its quotes; empty where the object has none.
  std::string_view operator[](size_t number) const { return values_[number]; }

 private:
  struct Node {
    std::string key;
    int64_t index = -1;  // Of an array, where the key can be one.
    std::vector<size_t> numbers;
    std::vector<Node> children;
    size_t expected = 0;  // Which child comes next in most documents.
  };

  Node* find(Node& node, std::string_view key);
  Node* find(Node& node, int64_t index);
  bool object(Node& node, TokenCursor& cursor);
  bool array(Node& node, TokenCursor& cursor);
  bool member(Node* child, TokenCursor& cursor);

  Node root_;
  std::vector<std::string_view> values_;
  size_t missing_ = 0;
  bool has_escapes_ = false;
  std::string unescaped_;
};

}  // namespace levada::parse_json
