#include "json/known_shapes.h"

#include <simdjson.h>

namespace levada {

// Goes through the tokens of one document. Functions give false where the document cannot be
// learnt.
class KnownShapes::Learner {
 public:
  Learner(KnownShapes& shapes, std::string_view text, const uint32_t* tokens, const WantedValues* wanted)
      : shapes_(shapes), text_(text), token_(tokens), wanted_(wanted) {}

  bool document() { return value(kDocument, wanted_ ? wanted_->document() : nullptr) && end_piece(text_.size(), kEnd); }

 private:
  static constexpr uint32_t kDocument = 0;

  char here(size_t ahead = 0) const { return text_[token_[ahead]]; }
  // Nothing but white space can stand between a value and the next token.
  size_t end_before(size_t token) const { return text_.find_last_not_of(" \t\r\n", token - 1) + 1; }

  bool value(uint32_t path, WantedValues::Place place) {
    const char first = here();
    if (first == '{' || first == '[') {
      // Which of its items are wanted is not a matter of paths.
      if (first == '[' && place && wanted_->has_members(place)) return false;
      const int32_t number = place ? wanted_->number(place) : -1;
      if (number >= 0) brackets_.push_back({number, true, offset(token_[0])});
      ++token_;
      if (!(first == '{' ? members(path, place) : items(path))) return false;
      if (number >= 0) brackets_.push_back({number, false, offset(token_[0]) + 1});
      ++token_;
      return true;
    }
    const bool is_string = first == '"';
    const auto node = shapes_.node_of(path, is_string, place ? wanted_->number(place) : -1);
    if (!end_piece(token_[0] + is_string, node)) return false;
    ++token_;
    begin_ = end_before(token_[0]) - is_string;
    return true;
  }

  // Up to the bracket that closes them.
  bool members(uint32_t path, WantedValues::Place place) {
    if (here() == '}') return true;
    for (;; ++token_) {
      const size_t begin = token_[0] + 1;
      const auto key = text_.substr(begin, end_before(token_[1]) - 1 - begin);
      token_ += 2;
      if (!value(below(path, "." + std::string(key)), place ? wanted_->member(place, key) : nullptr)) return false;
      if (here() == '}') return true;
    }
  }
  bool items(uint32_t path) {
    if (here() == ']') return true;
    for (const auto item = below(path, "[");; ++token_) {
      if (!value(item, nullptr)) return false;
      if (here() == ']') return true;
    }
  }

  uint32_t below(uint32_t path, std::string key) {
    const auto next = static_cast<uint32_t>(shapes_.paths_.size()) + 1;
    return shapes_.paths_.try_emplace({path, std::move(key)}, next).first->second;
  }
  // The piece that began behind the last value ends here.
  bool end_piece(size_t end, uint16_t node) {
    const bool is_added = shapes_.add_edge(from_, text_.substr(begin_, end - begin_), node, std::move(brackets_));
    brackets_.clear();
    from_ = node;
    return is_added;
  }
  uint32_t offset(size_t at) const { return static_cast<uint32_t>(at - begin_); }

  KnownShapes& shapes_;
  std::string_view text_;
  const uint32_t* token_;  // At hand.
  const WantedValues* wanted_;
  uint16_t from_ = kBeginning;     // The node of the last value,
  size_t begin_ = 0;               // and where the piece behind it begins,
  std::vector<Bracket> brackets_;  // with these so far.
};

void KnownShapes::learn(std::string_view text, const uint32_t* tokens, const WantedValues* wanted) {
  if (nodes_.empty()) {
    nodes_.emplace_back();
    auto& first = edges_.emplace_back();
    first.size = UINT32_MAX;
    first.likely = &first;
  }
  ++lessons_;
  // What was learnt of a document until it could not be learnt is right all the same.
  Learner(*this, text, tokens, wanted).document();
}

uint16_t KnownShapes::node_of(uint32_t path, bool is_string, int32_t number) {
  const auto [found, is_new] = nodes_of_paths_.try_emplace({path, is_string}, static_cast<uint16_t>(nodes_.size()));
  if (is_new) {
    Node& node = nodes_.emplace_back();
    node.number = number;
    node.is_string = is_string;
  }
  return found->second;
}

bool KnownShapes::add_edge(uint16_t from, std::string_view piece, uint16_t target, std::vector<Bracket> brackets) {
  Node& node = nodes_[from];
  for (const auto* edge : node.edges)
    if (edge->target == target && edge->piece == piece) return true;
  if (piece.size() > kLongestPiece || node.edges.size() == kMostEdgesOfNode || edges_.size() == kMostEdges)
    return false;
  Edge& edge = edges_.emplace_back();
  const size_t compared = std::min(piece.size(), sizeof edge.text);
  std::memcpy(edge.text, piece.data(), compared);
  std::memset(edge.kept, 0xff, compared);
  edge.size = static_cast<uint32_t>(piece.size());
  edge.target = target;
  edge.is_string = target != kEnd && nodes_[target].is_string;
  edge.number = target != kEnd ? nodes_[target].number : -1;
  edge.likely = &edges_.front();  // None yet.
  edge.piece = piece;
  edge.brackets = std::move(brackets);
  node.edges.push_back(&edge);
  return true;
}

bool KnownShapes::is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool KnownShapes::missed() {
  credit_ -= kPriceOfMiss;
  if (credit_ >= 0) return false;
  // Shapes change too much, or those that were learnt are out of date.
  const auto pause = next_pause_;
  *this = KnownShapes(is_wide_);
  pause_ = pause;
  next_pause_ = std::min(2 * pause, kLongPause);
  return false;
}

}  // namespace levada
