// Reads JSON documents that are built as others were before them: what stands between their values
// is compared with what stood there, and needs neither a search for tokens nor a look at each key.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/eight_bytes.h"
#include "json/thirty_two_bytes.h"

namespace levada {

// Which values of documents are wanted. Asked once for each shape.
class WantedValues {
 public:
  // Where in documents; null: neither what stands there nor anything within it is wanted.
  using Place = const void*;

  virtual Place document() const = 0;
  virtual Place member(Place object, std::string_view key) const = 0;
  // By which the value is reported; -1: it is not wanted itself.
  virtual int32_t number(Place place) const = 0;
  // Whether something within the value is wanted.
  virtual bool has_members(Place place) const = 0;

 protected:
  ~WantedValues() = default;
};

// A document is cut at its strings, numbers, booleans and nulls into pieces: {"a":[" and "," and
// "]}. Each value is a node by its path ("a", any item) and whether it is a string; the pieces that
// were seen behind it are its edges, each to a node or to the end. A path says which brackets are
// open, so any way along edges is a valid document if the values on it are.
class KnownShapes {
 public:
  // `wide`: whether to read by registers of 32 bytes, which the processor must have.
  explicit KnownShapes(bool wide = has_wide_registers()) : is_wide_(wide) {}
  KnownShapes(KnownShapes&&) = default;
  KnownShapes& operator=(KnownShapes&&) = default;

  // Whether the text is a valid JSON object of a known shape. False says nothing of it: it may be
  // unknown, or have backslashes, or numbers with exponents or more than 18 digits.
  //
  // `values` is told of wanted values in the order in which they stand in the document, of each as
  // often as its key comes, by number and where it begins and ends; void where the answer is false:
  //   integer(number, begin, end, int64_t)   a whole number
  //   text(number, begin, end)               another scalar, a string with its quotes
  //   open(number, begin), close(number, end)   an object or array
  template <class Values>
  bool read(std::string_view text, const char* readable_end, Values& values) {
    if (pause_ > 0) return --pause_, false;
    if (edges_.empty() || readable_end - (text.data() + text.size()) < kReadAhead) return false;
    if (!(is_wide_ ? walk_wide(text, values) : walk<InSixteens>(text, values))) return missed();
    credit_ = std::min(credit_ + 1, kCredit);
    return true;
  }

  // Whether it makes sense to show a document that was not read to `learn`.
  bool can_learn() const { return pause_ == 0 && lessons_ < kMostLessons; }
  // Learns the shape of a document that PlainTokens judged to be a valid object; `tokens` as there.
  void learn(std::string_view text, const uint32_t* tokens, const WantedValues* wanted);

 private:
  class Learner;

  static constexpr ptrdiff_t kReadAhead = 64;
  // Each lesson makes at most one node that no edge leads to: so these bound the nodes, too.
  static constexpr size_t kMostEdges = 512, kMostEdgesOfNode = 16, kMostLessons = 512;
  static constexpr size_t kLongestPiece = 1024;
  static constexpr uint16_t kBeginning = 0, kEnd = UINT16_MAX;  // Nodes that are no values.
  // A third of the documents may be of unknown shapes before it does not pay.
  static constexpr int32_t kCredit = 256, kPriceOfMiss = 2;
  static constexpr uint32_t kShortPause = 1024, kLongPause = 1 << 16;

  // A wanted object or array begins or ends within a piece.
  struct Bracket {
    int32_t number;
    bool opens;
    uint32_t offset;
  };
  struct Edge {
    alignas(32) char text[32], kept[32];  // How the piece begins, and which bits of that count.
    uint32_t size;
    uint16_t target;
    bool is_string;  // The target's.
    int32_t number;  // The target's.
    // The edge that was last taken behind this one. So where to go on is a single load away: the
    // processor need not wait for a chain of them.
    Edge* likely;
    std::string piece;
    std::vector<Bracket> brackets;
  };
  struct Node {
    int32_t number = -1;
    bool is_string = false;
    std::vector<Edge*> edges;
  };
  enum Scalar : uint8_t { kNone, kNumber, kTrue, kFalse, kNull };
  static constexpr std::array<Scalar, 256> kScalars = [] {
    std::array<Scalar, 256> table{};
    for (size_t c = '0'; c <= '9'; ++c) table[c] = kNumber;
    table['-'] = kNumber;
    table['t'] = kTrue;
    table['f'] = kFalse;
    table['n'] = kNull;
    return table;
  }();
  static constexpr uint64_t kPowers[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

  static Scalar scalar_at(const char* at) { return kScalars[static_cast<unsigned char>(*at)]; }

  // The same as it is compiled for wide registers: with all that it calls.
  template <class Values>
#ifdef LEVADA_WIDE_TARGET
  [[gnu::target(LEVADA_WIDE_TARGET), gnu::flatten]]
#endif
  bool walk_wide(std::string_view text, Values& values) {
    return walk<InWide>(text, values);
  }
  // Less than kReadAhead bytes behind `end` are read by all of these. `at` is never behind it.
  template <class Registers, class Values>
  bool walk(std::string_view text, Values& values) {
    const char* at = text.data();
    const char* const end = at + text.size();
    bool is_ascii = true;
    for (Edge* edge = &edges_.front();;) {
      edge = fits<Registers>(*edge->likely, at, end) ? edge->likely : other(*edge, at, end);
      if (!edge) return false;
      for (const auto& bracket : edge->brackets)
        bracket.opens ? values.open(bracket.number, at + bracket.offset)
                      : values.close(bracket.number, at + bracket.offset);
      at += edge->size;
      if (edge->target == kEnd) break;
      const char* begin = at;
      if (edge->is_string) {
        at = end_of_string<Registers>(at, end, is_ascii);
        if (!at) return false;
        if (edge->number >= 0) values.text(edge->number, begin - 1, at + 1);
      } else if (const auto kind = scalar_at(at); kind == kNumber) {
        at = number(*edge, at, end, values);
        if (!at || at > end) return false;
      } else {
        // Of what follows, too, the next piece takes care.
        at = end_of_word(at, kind);
        if (!at || at > end) return false;
        if (edge->number >= 0) values.text(edge->number, begin, at);
      }
    }
    return is_ascii || is_utf8(text);
  }

  Edge* other(Edge& before, const char* at, const char* end) const {
    for (Edge* edge : nodes_[before.target].edges)
      if (fits<InSixteens>(*edge, at, end)) return before.likely = edge;
    return nullptr;
  }
  template <class Registers>
  static bool fits(const Edge& edge, const char* at, const char* end) {
    if (!Registers::are_alike(at, edge.text, edge.kept) || edge.size > static_cast<size_t>(end - at)) return false;
    if (edge.size > 32 && std::memcmp(at + 32, edge.piece.data() + 32, edge.size - 32) != 0) return false;
    // One piece may be the beginning of another: ,"a": and ,"a":" and ,"a":[
    return edge.is_string || (edge.target == kEnd ? at + edge.size == end : scalar_at(at + edge.size) != kNone);
  }

  // Where the quote stands that closes a string without backslashes; null where there is none. In
  // large steps, as how many a string needs is hard for the processor to guess.
  template <class Registers>
  static const char* end_of_string(const char* at, const char* end, bool& is_ascii) {
    uint64_t found = Registers::stops(at);
    for (size_t step = 32; found == 0; step = 64) {
      at += step;
      if (at >= end) return nullptr;
      found = Registers::stops(at) | uint64_t{Registers::stops(at + 32)} << 32;
    }
    at += std::countr_zero(found);
    if (at >= end) return nullptr;
    return *at == '"' ? at : end_of_any_string(at, end, is_ascii);
  }
  static const char* end_of_any_string(const char* at, const char* end, bool& is_ascii) {
    for (; at < end; at += 16) {
      const auto block = load<Block>(at);
      if (high_bits(block) != 0) is_ascii = false;
      if (const unsigned found = high_bits(to_escape(block))) {
        at += std::countr_zero(found);
        return *at == '"' && at < end ? at : nullptr;
      }
    }
    return nullptr;
  }

  static const char* end_of_word(const char* at, Scalar kind) {
    const auto word = load<uint32_t>(at);
    if (kind == kTrue) return word == load<uint32_t>("true") ? at + 4 : nullptr;
    if (kind == kNull) return word == load<uint32_t>("null") ? at + 4 : nullptr;
    return word == load<uint32_t>("fals") && at[4] == 'e' ? at + 5 : nullptr;
  }

  // Reads up to eight digits; gives how many there are.
  static size_t digits(const char* at, uint64_t& value) {
    const auto bytes = load<uint64_t>(at);
    const uint64_t parts = bytes ^ '0' * kEachByte;
    const uint64_t others = (((parts & ~kHighBits) + 0x76 * kEachByte) | parts) & kHighBits;
    if (others == 0) return value = number_of_digits(bytes), 8;
    const auto count = static_cast<size_t>(std::countr_zero(others)) / 8;
    value = count ? number_of_digits(bytes << (64 - 8 * count)) : 0;
    return count;
  }
  // The same of up to 24 digits, as the end of the last; their value where they are 18 at most.
  static const char* all_digits(const char* at, uint64_t& value) {
    size_t count = digits(at, value);
    if (count < 8) return at + count;
    at += 8;
    for (int more = 0; more < 2 && count == 8; ++more) {
      uint64_t part;
      count = digits(at, part);
      value = value * kPowers[count] + part;
      at += count;
    }
    return at;
  }
  template <class Values>
  static const char* number(const Edge& edge, const char* at, const char* end, Values& values) {
    constexpr ptrdiff_t kMostDigits = 18;  // Any number of so many fits into 64 bits.
    const char* const begin = at;
    const bool is_negative = *at == '-';
    at += is_negative;
    const char* const first = at;
    uint64_t value = 0;
    at = all_digits(at, value);
    if (at == first || at - first > kMostDigits || (*first == '0' && at - first > 1) || at > end) return nullptr;
    if (*at == '.') {
      const char* const fraction = ++at;
      uint64_t ignored;
      at = all_digits(at, ignored);
      if (at == fraction || at - fraction > kMostDigits) return nullptr;
      if (edge.number >= 0) values.text(edge.number, begin, at);
      return at;
    }
    const auto integer = static_cast<int64_t>(value);
    if (edge.number >= 0) values.integer(edge.number, begin, at, is_negative ? -integer : integer);
    return at;
  }

  static bool is_utf8(std::string_view text);
  bool missed();
  uint16_t node_of(uint32_t path, bool is_string, int32_t number);
  bool add_edge(uint16_t from, std::string_view piece, uint16_t target, std::vector<Bracket> brackets);

  bool is_wide_;
  std::deque<Edge> edges_;  // The first leads to the beginning, and fits nowhere.
  std::vector<Node> nodes_;
  // The number of a path by that of the path above it and a key, ".key", or "[" for items.
  std::map<std::pair<uint32_t, std::string>, uint32_t> paths_;
  std::map<std::pair<uint32_t, bool>, uint16_t> nodes_of_paths_;
  size_t lessons_ = 0;
  int32_t credit_ = kCredit;
  uint32_t pause_ = 0, next_pause_ = kShortPause;
};

}  // namespace levada
