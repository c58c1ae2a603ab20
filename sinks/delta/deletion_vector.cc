// The bitmap is an array of 32-bit Roaring bitmaps in their portable format, each behind the upper
// half of its rows' numbers: https://github.com/RoaringBitmap/RoaringFormatSpec
#include "deletion_vector.h"

#include <zlib.h>

#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

namespace levada::delta {
namespace {

constexpr uint32_t kMagic = 1681511377;
constexpr uint32_t kCookie = 12346, kCookieWithRuns = 12347;
constexpr uint32_t kArrayMax = 4096;       // Containers with more rows than so many are bitmaps.
constexpr uint32_t kOffsetsFrom = 4;       // With runs, so many containers have a table of offsets.
constexpr uint64_t kBitmapsMax = 1 << 12;  // 2^44 rows; no file has them.
constexpr int64_t kBytesMax = int64_t{1} << 28;
constexpr size_t kIdDigits = 20;

// Text of the base 85 that ZeroMQ has defined: five digits for four bytes.
std::optional<std::string> decode_base85(std::string_view text) {
  constexpr std::string_view kDigits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  if (text.size() % 5 != 0) return std::nullopt;
  std::string bytes;
  for (size_t at = 0; at < text.size(); at += 5) {
    uint64_t value = 0;
    for (const char digit : text.substr(at, 5)) {
      const auto found = kDigits.find(digit);
      if (found == kDigits.npos) return std::nullopt;
      value = value * 85 + found;
    }
    if (value > 0xffffffff) return std::nullopt;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  }
  return bytes;
}

uint32_t big_endian(const char* from) {
  uint32_t value = 0;
  for (int at = 0; at < 4; ++at) value = value << 8 | static_cast<unsigned char>(from[at]);
  return value;
}

Error damaged(const std::string& where) { return fatal("the deletion vector " + where + " is damaged"); }

// The bytes of the bitmap, which stand in the file between their length and their checksum.
Result<std::string> stored_bytes(lake::FileStore& store, const std::string& path, const DeletionVector& vector) {
  const auto where = store.name() + "/" + path;
  auto file = store.open(path);
  if (!file) return std::move(file).error();
  if (!*file) return fatal("the deletion vector " + where + " is missing");
  if (vector.bytes < 0 || vector.bytes > kBytesMax) return damaged(where);
  const auto size = static_cast<size_t>(vector.bytes);
  std::string bytes(size + 8, '\0');
  const auto offset = static_cast<uint64_t>(vector.offset.value_or(0));
  for (size_t at = 0; at < bytes.size();) {
    auto read = (*file)->read(bytes.data() + at, bytes.size() - at, offset + at);
    if (!read) return std::move(read).error();
    if (*read == 0) return damaged(where);
    at += *read;
  }
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data() + 4);
  if (big_endian(bytes.data()) != size ||
      crc32(0, data, static_cast<uInt>(size)) != big_endian(bytes.data() + 4 + size))
    return damaged(where);
  return bytes.substr(4, size);
}

}  // namespace

// Each step gives false where the bytes end too early, or say what cannot be.
class DeletedRows::Parser {
 public:
  Parser(std::string_view bytes, DeletedRows& to) : rest_(bytes), to_(to) {}

  bool parse() {
    uint32_t magic = 0, upper = 0;
    uint64_t bitmaps = 0;
    if (!take(magic) || magic != kMagic || !take(bitmaps) || bitmaps > kBitmapsMax) return false;
    for (; bitmaps > 0; --bitmaps)
      if (!take(upper) || upper >= kBitmapsMax || !parse_bitmap(int64_t{upper} << 32)) return false;
    return true;
  }

 private:
  struct Container {
    uint16_t key;
    uint32_t rows;
  };

  bool parse_bitmap(int64_t first_row) {
    uint32_t cookie = 0, count = 0;
    if (!take(cookie)) return false;
    const bool with_runs = (cookie & 0xffff) == kCookieWithRuns;
    if (with_runs) count = (cookie >> 16) + 1;
    else if (cookie != kCookie || !take(count) || count > 0x10000) return false;
    std::string_view is_run;
    if (with_runs && !take_bytes((count + 7) / 8, is_run)) return false;
    std::vector<Container> containers(count);
    for (auto& [key, rows] : containers) {
      uint16_t less_one = 0;
      if (!take(key) || !take(less_one)) return false;
      rows = uint32_t{less_one} + 1;
    }
    std::string_view offsets;
    if ((!with_runs || count >= kOffsetsFrom) && !take_bytes(size_t{4} * count, offsets)) return false;
    for (size_t at = 0; at < containers.size(); ++at) {
      const auto& [key, rows] = containers[at];
      auto& block = to_.blocks_[(first_row >> 16) + key];
      const bool runs = with_runs && (is_run[at / 8] >> (at % 8) & 1) != 0;
      if (!(runs ? parse_runs(block) : rows > kArrayMax ? parse_bits(block) : parse_array(rows, block))) return false;
      for (const auto word : block) to_.rows_ += std::popcount(word);
    }
    return true;
  }

  bool parse_runs(Block& to) {
    uint16_t runs = 0, first = 0, more = 0;
    if (!take(runs)) return false;
    for (; runs > 0; --runs) {
      if (!take(first) || !take(more) || uint32_t{first} + more > 0xffff) return false;
      for (uint32_t row = first; row <= uint32_t{first} + more; ++row) set(to, row);
    }
    return true;
  }

  bool parse_array(uint32_t rows, Block& to) {
    for (uint16_t row = 0; rows > 0; --rows) {
      if (!take(row)) return false;
      set(to, row);
    }
    return true;
  }

  bool parse_bits(Block& to) {
    for (auto& word : to)
      if (!take(word)) return false;
    return true;
  }

  static void set(Block& block, uint32_t row) { block[row / 64] |= uint64_t{1} << (row % 64); }

  // Numbers are little-endian, as this machine's are.
  template <class T>
  bool take(T& value) {
    std::string_view bytes;
    if (!take_bytes(sizeof value, bytes)) return false;
    std::memcpy(&value, bytes.data(), sizeof value);
    return true;
  }
  bool take_bytes(size_t count, std::string_view& to) {
    if (rest_.size() < count) return false;
    to = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  std::string_view rest_;
  DeletedRows& to_;
};

Result<std::string> path_of(const DeletionVector& vector) {
  if (vector.storage == "i") return std::string();
  if (vector.storage != "u")
    return fatal("the deletion vector " + vector.path + " lies outside of the table, where levada does not read");
  if (vector.path.size() < kIdDigits) return damaged(vector.path);
  const auto folder = vector.path.substr(0, vector.path.size() - kIdDigits);
  const auto id = decode_base85(std::string_view(vector.path).substr(folder.size()));
  if (!id) return damaged(vector.path);
  std::string path = folder.empty() ? "" : folder + "/";
  path += "deletion_vector_";
  for (size_t at = 0; at < id->size(); ++at) {
    constexpr std::string_view kHex = "0123456789abcdef";
    if (at == 4 || at == 6 || at == 8 || at == 10) path += '-';
    const auto byte = static_cast<unsigned char>((*id)[at]);
    path += {kHex[byte / 16], kHex[byte % 16]};
  }
  return path + ".bin";
}

Result<DeletedRows> DeletedRows::read(lake::FileStore& store, const DeletionVector& vector) {
  auto path = path_of(vector);
  if (!path) return std::move(path).error();
  std::string bytes;
  if (path->empty()) {
    auto decoded = decode_base85(vector.path);
    if (!decoded || vector.bytes < 0 || decoded->size() < static_cast<size_t>(vector.bytes))
      return damaged(vector.path);
    bytes = decoded->substr(0, static_cast<size_t>(vector.bytes));
  } else {
    auto stored = stored_bytes(store, *path, vector);
    if (!stored) return std::move(stored).error();
    bytes = *std::move(stored);
  }
  DeletedRows rows;
  if (!Parser(bytes, rows).parse() || rows.rows() != vector.rows) return damaged(vector.id());
  return rows;
}

}  // namespace levada::delta
