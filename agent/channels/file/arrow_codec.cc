#include "agent/channels/file/arrow_codec.h"

#include <cstring>
#include <vector>

#include "levada/arrow_bounds.h"

namespace levada::agent {
namespace {

using levada::detail::Layout;

constexpr uint64_t kNoBuffer = ~uint64_t{0};

// The Arrow C Data Interface writes metadata as numbers of pairs, and of bytes of each key and
// value.
size_t metadata_bytes(const char* metadata) {
  const char* at = metadata;
  const auto number = [&] {
    int32_t value;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  };
  for (int32_t left = number(); left > 0; --left)
    for (int part = 0; part < 2; ++part) {
      const auto size = number();
      at += size;
    }
  return static_cast<size_t>(at - metadata);
}

bool is_metadata(const std::string& text) {
  TableReader reader(text.data(), text.size());
  const auto pairs = reader.number<int32_t>();
  for (int32_t at = 0; at < pairs && reader.good(); ++at) {
    reader.text();
    reader.text();
  }
  return reader.good() && pairs >= 0 && reader.left() == 0;
}

struct SchemaNode {
  ArrowSchema schema{};
  std::string format, name, metadata;
  std::vector<std::unique_ptr<SchemaNode>> children;
  std::vector<ArrowSchema*> pointers;
  std::unique_ptr<SchemaNode> dictionary;
};

std::unique_ptr<SchemaNode> decode_node(TableReader& from, int depth) {
  auto node = std::make_unique<SchemaNode>();
  ArrowSchema& schema = node->schema;
  node->format = from.text();
  node->name = from.text();
  const bool has_metadata = from.number<uint32_t>() != 0;
  node->metadata = from.text();
  schema.flags = from.number<int64_t>();
  const auto children = from.number<uint32_t>();
  const bool has_dictionary = from.number<uint32_t>() != 0;
  if (!from.good() || children > from.left() || depth > levada::detail::kDeepest) return nullptr;
  if (has_metadata && !is_metadata(node->metadata)) return nullptr;
  for (uint32_t at = 0; at < children; ++at) {
    auto child = decode_node(from, depth + 1);
    if (!child) return nullptr;
    node->pointers.push_back(&child->schema);
    node->children.push_back(std::move(child));
  }
  if (has_dictionary) {
    node->dictionary = decode_node(from, depth + 1);
    if (!node->dictionary) return nullptr;
    schema.dictionary = &node->dictionary->schema;
  }
  schema.format = node->format.c_str();
  schema.name = node->name.c_str();
  schema.metadata = has_metadata ? node->metadata.data() : nullptr;
  schema.n_children = children;
  schema.children = children ? node->pointers.data() : nullptr;
  schema.release = [](ArrowSchema* released) { released->release = nullptr; };
  return node;
}

// Bytes of a buffer of an array without offset; those of text and blocks are said elsewhere.
uint64_t bytes_of(const Layout& layout, size_t buffer, uint64_t rows) {
  const uint64_t bits = (rows + 7) / 8;
  if (layout.has_validity() && buffer == 0) return bits;
  switch (layout.kind) {
    case Layout::Kind::boolean: return bits;
    case Layout::Kind::fixed: return rows * static_cast<uint64_t>(layout.width);
    case Layout::Kind::view: return rows * sizeof(View);
    case Layout::Kind::text:
    case Layout::Kind::list: return (rows + 1) * 4;
    case Layout::Kind::large_text:
    case Layout::Kind::large_list: return (rows + 1) * 8;
    case Layout::Kind::list_view: return rows * 4;
    case Layout::Kind::large_list_view: return rows * 8;
    case Layout::Kind::sparse_union: return rows;
    case Layout::Kind::dense_union: return buffer == 0 ? rows : rows * 4;
    default: return 0;
  }
}

bool is_text(const Layout& layout) {
  return layout.kind == Layout::Kind::text || layout.kind == Layout::Kind::large_text;
}

uint64_t text_bytes(const Layout& layout, const void* offsets, uint64_t rows) {
  return layout.kind == Layout::Kind::text ? static_cast<uint64_t>(static_cast<const int32_t*>(offsets)[rows])
                                           : static_cast<uint64_t>(static_cast<const int64_t*>(offsets)[rows]);
}

class ArrayDecoder {
 public:
  ArrayDecoder(TableReader& from, const Buffer& payload, std::string_view area)
      : from_(from), payload_(payload), area_(area) {}

  // False where it does not make sense; what was made of it is released with its parent.
  bool decode(const ArrowSchema& schema, ArrowArray& to) {
    const auto layout = Layout::of(schema);
    const auto rows = from_.number<uint64_t>();
    const auto nulls = from_.number<int64_t>();
    const auto buffers = from_.number<uint32_t>();
    const bool has_blocks = layout.kind == Layout::Kind::view;
    const auto fixed = static_cast<uint32_t>(has_blocks ? 2 : layout.buffers());
    if (!from_.good() || rows > uint64_t{1} << 32 || buffers < fixed || buffers > from_.left() / 16) return false;
    if (!has_blocks && buffers != fixed) return false;
    auto held = std::make_unique<levada::detail::Held>();
    held->buffers = {payload_};
    for (uint32_t at = 0; at < buffers; ++at) {
      const auto offset = from_.number<uint64_t>(), bytes = from_.number<uint64_t>();
      const void* data = nullptr;
      if (bytes != kNoBuffer) {
        if (offset > area_.size() || bytes > area_.size() - offset) return false;
        data = area_.data() + offset;
        if (at >= fixed) held->sizes.push_back(static_cast<int64_t>(bytes));
        else if (is_text(layout) && at == 2) {
          const auto last = text_bytes(layout, held->pointers[1], rows);
          if (last > bytes) return false;
        } else if (bytes < bytes_of(layout, at, rows)) {
          return false;
        }
      } else if (!layout.has_validity() || at != 0) {
        return false;
      }
      held->pointers.push_back(data);
    }
    if (has_blocks) held->pointers.push_back(held->sizes.data());
    for (int64_t at = 0; at < schema.n_children; ++at)
      if (!decode(*schema.children[at], held->children.emplace_back())) return false;
    if (schema.dictionary) {
      held->dictionary = std::make_unique<ArrowArray>();
      if (!decode(*schema.dictionary, *held->dictionary)) return false;
    }
    to = levada::detail::array_of(std::move(held), static_cast<int64_t>(rows), nulls);
    return true;
  }

 private:
  TableReader& from_;
  const Buffer& payload_;
  const std::string_view area_;
};

}  // namespace

void put_text(std::string& to, std::string_view text) {
  put(to, static_cast<uint32_t>(text.size()));
  to += text;
}

void encode_schema(const ArrowSchema& schema, std::string& to) {
  put_text(to, schema.format);
  put_text(to, schema.name ? schema.name : "");
  put(to, uint32_t{schema.metadata != nullptr});
  put_text(to, schema.metadata ? std::string_view(schema.metadata, metadata_bytes(schema.metadata)) : "");
  put(to, schema.flags);
  put(to, static_cast<uint32_t>(schema.n_children));
  put(to, uint32_t{schema.dictionary != nullptr});
  for (int64_t at = 0; at < schema.n_children; ++at) encode_schema(*schema.children[at], to);
  if (schema.dictionary) encode_schema(*schema.dictionary, to);
}

std::shared_ptr<const ArrowSchema> decode_schema(TableReader& from) {
  std::shared_ptr<SchemaNode> node = decode_node(from, 0);
  if (!node || !levada::detail::is_known_layout(node->schema)) return nullptr;
  return {node, &node->schema};
}

void encode_array(const ArrowSchema& schema, const ArrowArray& array,
                  const std::function<uint64_t(const void*, uint64_t)>& add_buffer, std::string& to) {
  const auto layout = Layout::of(schema);
  const auto rows = static_cast<uint64_t>(array.length);
  const bool has_blocks = layout.kind == Layout::Kind::view;
  // The sizes of blocks are told with them.
  const auto buffers = static_cast<size_t>(array.n_buffers - (has_blocks ? 1 : 0));
  put(to, rows);
  put(to, array.null_count);
  put(to, static_cast<uint32_t>(buffers));
  for (size_t at = 0; at < buffers; ++at) {
    const void* data = array.buffers[at];
    uint64_t bytes = bytes_of(layout, at, rows);
    if (is_text(layout) && at == 2) bytes = text_bytes(layout, array.buffers[1], rows);
    if (has_blocks && at >= 2)
      bytes = static_cast<uint64_t>(static_cast<const int64_t*>(array.buffers[array.n_buffers - 1])[at - 2]);
    put(to, data ? add_buffer(data, bytes) : uint64_t{0});
    put(to, data ? bytes : kNoBuffer);
  }
  for (int64_t at = 0; at < array.n_children; ++at)
    encode_array(*schema.children[at], *array.children[at], add_buffer, to);
  if (schema.dictionary) encode_array(*schema.dictionary, *array.dictionary, add_buffer, to);
}

std::shared_ptr<const ArrowArray> decode_array(const ArrowSchema& schema, TableReader& from, const Buffer& payload,
                                               std::string_view area) {
  ArrowArray array{};
  if (!ArrayDecoder(from, payload, area).decode(schema, array)) return nullptr;
  auto held = levada::detail::hold(array);
  return levada::detail::bounds_fault(schema, *held).empty() ? held : nullptr;
}

}  // namespace levada::agent
