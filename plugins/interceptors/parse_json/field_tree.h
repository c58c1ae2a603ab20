// The values that several JSON pointers name, found in one pass over a document.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/known_shapes.h"
#include "json/plain_tokens.h"
#include "token_cursor.h"

namespace levada::parse_json {

class FieldTree final : private WantedValues {
 public:
  // A value that was found: its text, a string with its quotes; empty where the object has none.
  struct Found {
    std::string_view text;
    // What it is where it is known to be a whole number. Both mean nothing where there is no text.
    int64_t integer;
    bool is_integer;
  };

  // Adds a pointer of RFC 6901 ("/u/url", "/list/0"); its value gets the next
  // number. False where it is none.
  bool add(std::string_view pointer);

  // Finds the values in an object; false where its tokens make no sense. `has_escapes`: there
  // are backslashes in the text.
  bool read(TokenCursor cursor, bool has_escapes);
  // The same for an object that is plain and valid; false where it may be
  // neither, and `read` is to be asked.
  bool read_plain(PlainTokens tokens);
  // The same for an object of a shape that was learnt; false where it may be of another.
  bool read_known(std::string_view text, const char* readable_end);
  // Learns the shape of an object that read_plain has just read.
  void learn(std::string_view text, const uint32_t* tokens) {
    if (shapes_.can_learn()) shapes_.learn(text, tokens, this);
  }
  const Found& operator[](size_t number) const { return values_[slots_[number]]; }

 private:
  struct Node {
    std::string key;
    int64_t index = -1;  // Of an array, where the key can be one.
    int32_t slot = -1;   // Which of the values it is, where one is wanted.
    std::vector<Node> children;
    uint64_t sizes = 0;   // A bit for each size that a child's key has; the last one is for 63 and more.
    size_t expected = 0;  // Which child comes next in most documents.
  };

  static uint64_t size_bit(std::string_view key) { return uint64_t{1} << std::min<size_t>(key.size(), 63); }

  Place document() const override { return &root_; }
  Place member(Place object, std::string_view key) const override;
  int32_t number(Place place) const override { return static_cast<const Node*>(place)->slot; }
  bool has_members(Place place) const override { return !static_cast<const Node*>(place)->children.empty(); }

  void clear();
  // Whether it is the first value there: of several members of one name the first counts.
  bool put(const Node& node, std::string_view value);
  Node* find(Node& node, std::string_view key);
  static Node* find_child(Node& node, std::string_view key);
  Node* find(Node& node, int64_t index);
  bool object(Node& node, TokenCursor& cursor);
  bool array(Node& node, TokenCursor& cursor);
  bool member(Node* child, TokenCursor& cursor);
  bool plain_object(Node& node, PlainTokens& tokens, int depth);
  bool plain_member(Node& child, PlainTokens& tokens, int depth);

  Node root_;
  std::vector<uint32_t> slots_;  // Of each number.
  std::vector<Found> values_;
  KnownShapes shapes_;
  size_t missing_ = 0;
  bool has_escapes_ = false;
  std::string unescaped_;
};

}  // namespace levada::parse_json
