// Reads Avro's container files for tests, as the description of the format says.
#pragma once

#include <snappy.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "files/unpack.h"

namespace levada::files {

// Takes values off the front of a text. What is wrong shows in `torn`.
struct AvroValues {
  std::string_view rest;
  bool torn = false;

  std::string_view take(size_t bytes) {
    torn = torn || bytes > rest.size();
    const auto taken = rest.substr(0, bytes);
    rest.remove_prefix(taken.size());
    return taken;
  }
  int64_t take_long() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = take(1);
      if (byte.empty()) return 0;
      value |= uint64_t{static_cast<unsigned char>(byte[0]) & 0x7fu} << shift;
      if ((byte[0] & 0x80) == 0) break;
    }
    return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  double take_double() {
    double value = 0;
    const auto bytes = take(sizeof value);
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::string take_text() { return std::string(take(static_cast<size_t>(take_long()))); }
  // Of a type ["null", "string"].
  std::string take_string() { return take_long() == 0 ? "<null>" : take_text(); }
};

struct AvroContent {
  std::string schema, codec;
  std::vector<int64_t> rows;        // Of each block.
  std::vector<std::string> blocks;  // What is encoded in each.
  std::string fault;                // Empty where nothing is wrong.
};

inline std::string inflate_raw(std::string_view packed) {
  std::string text(4 << 20, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) return "<no inflate>";
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  if (result != Z_STREAM_END || stream.avail_in != 0) text += "<torn>";
  inflateEnd(&stream);
  return text;
}

inline std::string unpack_avro_block(const std::string& codec, std::string packed) {
  if (codec == "deflate") return inflate_raw(packed);
  if (codec == "zstandard") return unpack_zstd(std::move(packed));
  if (codec != "snappy") return packed;
  if (packed.size() < 4) return "<torn>";
  std::string text;
  if (!snappy::Uncompress(packed.data(), packed.size() - 4, &text)) return "<damaged>";
  uint32_t sum = 0;
  for (const unsigned char c : packed.substr(packed.size() - 4)) sum = sum << 8 | c;
  return sum == crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()) ? text : "<wrong sum>";
}

inline AvroContent unpack_avro(std::string_view file) {
  AvroContent content;
  AvroValues values{file};
  if (values.take(4) != "Obj\x01") content.fault = "no Avro file";
  std::map<std::string, std::string> metadata;
  for (auto left = values.take_long(); left > 0 && !values.torn; left = left > 1 ? left - 1 : values.take_long()) {
    auto key = values.take_text();
    metadata[std::move(key)] = values.take_text();
  }
  content.schema = metadata["avro.schema"];
  content.codec = metadata["avro.codec"];
  const auto sync = values.take(16);
  while (!values.rest.empty() && !values.torn) {
    content.rows.push_back(values.take_long());
    content.blocks.push_back(unpack_avro_block(content.codec, values.take_text()));
    if (values.take(16) != sync) content.fault = "a block does not end with the sync marker";
  }
  if (values.torn) content.fault = "a torn file";
  return content;
}

// The rows of a file whose fields are all of the type ["null", "string"].
inline std::vector<std::vector<std::string>> avro_strings(std::string_view file, size_t fields) {
  const auto content = unpack_avro(file);
  std::vector<std::vector<std::string>> all;
  if (!content.fault.empty()) return {{content.fault}};
  for (size_t block = 0; block < content.blocks.size(); ++block) {
    AvroValues values{content.blocks[block]};
    for (int64_t row = 0; row < content.rows[block] && !values.torn; ++row) {
      auto& texts = all.emplace_back();
      for (size_t field = 0; field < fields; ++field) texts.push_back(values.take_string());
    }
    if (values.torn || !values.rest.empty()) return {{"a block that has not what it says"}};
  }
  return all;
}

}  // namespace levada::files
