// Validates one JSON document after the other with simdjson, in place where enough bytes behind it
// may be read, and tells where in it the tokens stand.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <string_view>

#include "json/plain_tokens.h"
#include "levada/builders.h"

namespace levada {

// The texts of a text or bytes column, and how far behind each of them may be read. Of a null,
// whose view may be anything, an empty text.
class Documents {
 public:
  struct Document {
    std::string_view text;
    const char* readable_end;
  };

  explicit Documents(const Column& column) : views_(column.views()), buffers_(column.array().buffers + 2) {
    sizes_ = static_cast<const int64_t*>(column.array().buffers[column.array().n_buffers - 1]);
    if (column.has_nulls()) {
      validity_ = column.array().buffers[0];
      offset_ = column.array().offset;
    }
  }
  Document operator[](int64_t row) const {
    if (validity_ && !detail::bit(validity_, offset_ + row)) return {"", ""};
    const View& view = views_.data()[row];
    const auto text = views_.text(view);
    if (view.is_inline()) return {text, text.data() + text.size()};
    const auto buffer = view.outside.buffer;
    return {text, static_cast<const char*>(buffers_[buffer]) + sizes_[buffer]};
  }
  const View& view(int64_t row) const { return views_.data()[row]; }

 private:
  Views views_;
  const void* const* buffers_;
  const int64_t* sizes_;
  const void* validity_ = nullptr;  // The bitmap of nulls, where there are nulls.
  int64_t offset_ = 0;
};

// The column as one of text or bytes, whose rows have views: a dictionary is resolved.
inline Column resolved(const Column& column) {
  if (column.type() != Type::dictionary) return column;
  const Column texts("", Type::text, std::shared_ptr<const ArrowArray>(column.shared(), column.array().dictionary));
  const auto* indices = column.values<int32_t>();
  TextBuilder out(column.rows());
  const auto first = out.share(texts);
  for (int64_t row = 0; row < column.rows(); ++row)
    column.null(row) ? out.append_null() : out.append_view(texts.views().data()[indices[row]], first);
  return std::move(out).finish(column.name(), Type::text);
}

class JsonParser {
 public:
  static constexpr size_t kMaxDepth = simdjson::DEFAULT_MAX_DEPTH;

  // Whether `text` is one valid document, in UTF-8.
  bool parse(std::string_view text, const char* readable_end) {
    return find_tokens({text, readable_end}) && is_valid();
  }
  bool parse(Documents::Document document) { return parse(document.text, document.readable_end); }
  // Copies the text: for the rare one that lies in memory of unknown extent.
  bool parse(std::string_view text) { return parse(text, text.data() + text.size()); }

  // Finds the tokens only: true says that the text is UTF-8 and that its
  // strings are closed, and no more.
  bool find_tokens(Documents::Document document) {
    const size_t bytes = document.text.size();
    reserve(bytes);
    text_ = padded(document.text, document.readable_end);
    has_backslash_ = bytes > 0 && std::memchr(text_, '\\', bytes) != nullptr;
    return parser_.implementation->stage1(reinterpret_cast<const uint8_t*>(text_), bytes,
                                          simdjson::stage1_mode::regular) == simdjson::SUCCESS;
  }
  // Whether the text whose tokens were found is a valid document. The second stage of
  // simdjson, which writes all its values down, is for those alone that a walk
  // through their tokens does not tell.
  bool is_valid() {
    return (!has_backslash_ && plain_tokens(text_).is_object()) ||
           parser_.implementation->stage2(document_) == simdjson::SUCCESS;
  }

  // Where the tokens of the last text begin: brackets, commas, colons, opening quotes, the
  // first byte of each other scalar.
  const uint32_t* tokens() const { return parser_.implementation->structural_indexes.get(); }
  uint32_t token_count() const { return parser_.implementation->n_structural_indexes; }
  // The same, of a text without backslashes, which stands at `text`.
  PlainTokens plain_tokens(const char* text) const { return {text, tokens(), token_count()}; }
  // Whether there are backslashes in the last text.
  bool has_backslash() const { return has_backslash_; }

  // Gives back what a very large document needed. Between batches.
  void shrink() {
    if (capacity_ > kLarge) capacity_ = 0;
    if (scratch_capacity_ > kLarge) scratch_capacity_ = 0;
  }

 private:
  static constexpr size_t kSmall = size_t{1} << 16, kLarge = size_t{1} << 20;

  void reserve(size_t bytes) {
    if (bytes < capacity_) return;
    const auto capacity = std::max(kSmall, std::bit_ceil(bytes + 1));
    // Not yet the new capacity, should there be no memory for it.
    capacity_ = 0;
    if (document_.allocate(capacity) || parser_.allocate(capacity, kMaxDepth)) throw std::bad_alloc();
    capacity_ = capacity;
  }

  const char* padded(std::string_view text, const char* readable_end) {
    if (readable_end - (text.data() + text.size()) >= static_cast<ptrdiff_t>(simdjson::SIMDJSON_PADDING))
      return text.data();
    if (text.size() + simdjson::SIMDJSON_PADDING > scratch_capacity_) {
      scratch_capacity_ = std::bit_ceil(text.size() + simdjson::SIMDJSON_PADDING);
      scratch_ = std::make_unique<char[]>(scratch_capacity_);
    }
    if (!text.empty()) std::memcpy(scratch_.get(), text.data(), text.size());
    return scratch_.get();
  }

  simdjson::dom::parser parser_;
  simdjson::dom::document document_;
  size_t capacity_ = 0;
  const char* text_ = nullptr;  // The last text, with padding behind it.
  bool has_backslash_ = false;
  std::unique_ptr<char[]> scratch_;
  size_t scratch_capacity_ = 0;
};

}  // namespace levada
