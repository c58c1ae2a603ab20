// Columns of any Arrow type in the tables of a record: their schema, and where their buffers lie.
// The bytes are described in docs/formats/file-channel.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "levada/column.h"

namespace levada::agent {

// Reads tables, and never beyond their end.
class TableReader {
 public:
  TableReader(const char* from, uint64_t bytes) : at_(from), end_(from + bytes) {}
  template <class T>
  T number() {
    T value{};
    if (take(sizeof value)) std::memcpy(&value, at_ - sizeof value, sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<uint32_t>();
    return take(size) ? std::string(at_ - size, size) : std::string();
  }
  uint64_t left() const { return static_cast<uint64_t>(end_ - at_); }
  bool good() const { return good_; }

 private:
  bool take(uint64_t bytes) {
    good_ = good_ && bytes <= left();
    if (good_) at_ += bytes;
    return good_;
  }
  const char* at_;
  const char* const end_;
  bool good_ = true;
};

template <class T>
void put(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put_text(std::string& to, std::string_view text);

void encode_schema(const ArrowSchema& schema, std::string& to);
// Nothing where it does not make sense. Its layout is one that is known.
std::shared_ptr<const ArrowSchema> decode_schema(TableReader& from);

// An array that a Gatherer made. `add_buffer` puts bytes behind the tables, and gives where.
void encode_array(const ArrowSchema& schema, const ArrowArray& array,
                  const std::function<uint64_t(const void*, uint64_t)>& add_buffer, std::string& to);
// `payload` is what its buffers lie in, from `begin` on. Nothing where anything points out of its
// bounds.
std::shared_ptr<const ArrowArray> decode_array(const ArrowSchema& schema, TableReader& from, const Buffer& payload,
                                               std::string_view area);

}  // namespace levada::agent
