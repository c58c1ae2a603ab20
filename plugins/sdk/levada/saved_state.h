// What a stateful interceptor saves, as bytes: its kind with a version, the options that the state
// depends on, values, and a checksum.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "levada/crc32c.h"
#include "levada/result.h"

namespace levada {

static_assert(std::endian::native == std::endian::little);

class StateWriter {
 public:
  // Appends to `to`. `kind` names the format, "window 1"; `options` are those that a reader must
  // share.
  StateWriter(std::string& to, std::string_view kind, std::string_view options) : to_(to), begin_(to.size()) {
    text(kind);
    text(options);
  }
  template <class T>
  void value(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes(&value, sizeof value);
  }
  void text(std::string_view text) {
    value(static_cast<uint64_t>(text.size()));
    bytes(text.data(), text.size());
  }
  // In as many bytes as the number needs: seven bits in each.
  void number(uint64_t number) {
    char all[kNumberMax];
    bytes(all, put(number, all));
  }
  // The same for so many that lie there one behind the other, as words of eight bytes.
  void numbers(const char* words, size_t count) {
    char all[16 * kNumberMax];
    size_t size = 0;
    for (size_t at = 0; at < count; ++at) {
      uint64_t word;
      std::memcpy(&word, words + at * sizeof word, sizeof word);
      size += put(word, all + size);
      if (size + kNumberMax <= sizeof all) continue;
      bytes(all, size);
      size = 0;
    }
    bytes(all, size);
  }
  void bytes(const void* data, size_t size) { to_.append(static_cast<const char*>(data), size); }
  // Room for that much more.
  void reserve(size_t bytes) { to_.reserve(to_.size() + bytes); }
  // The last call.
  void finish() { value(crc32c(0, to_.data() + begin_, to_.size() - begin_)); }

 private:
  static constexpr size_t kNumberMax = 10;  // Bytes.
  static size_t put(uint64_t number, char* to) {
    size_t size = 0;
    for (; number > 127; number >>= 7) to[size++] = static_cast<char>(number | 128);
    to[size++] = static_cast<char>(number);
    return size;
  }

  std::string& to_;
  const size_t begin_;
};

class StateReader {
 public:
  // FATAL: it is damaged, or of another kind. REJECT: it is sound, and of other options.
  static Result<StateReader> open(std::string_view state, std::string_view kind, std::string_view options) {
    const auto damaged = [&] { return fatal("the state that was kept is damaged, or not of " + std::string(kind)); };
    uint32_t sum = 0;
    if (state.size() < sizeof sum) return damaged();
    std::memcpy(&sum, state.data() + state.size() - sizeof sum, sizeof sum);
    state.remove_suffix(sizeof sum);
    if (crc32c(0, state.data(), state.size()) != sum) return damaged();
    StateReader reader(state);
    if (reader.text() != kind) return damaged();
    const auto saved = reader.text();
    if (!reader.good_) return damaged();
    if (saved != options)
      return reject(
          "the state that was kept is of other options (" + std::string(saved) + "), now they are (" +
          std::string(options) +
          "): put the configuration back as it was, or give the interceptor another name, and it begins anew");
    return reader;
  }
  // A value that is not there is 0, and finish fails then, as it does for a bool that is none.
  template <class T>
  T value() {
    static_assert(std::is_trivially_copyable_v<T>);
    if constexpr (std::is_same_v<T, bool>) {
      const auto byte = value<uint8_t>();
      if (byte > 1) fail();
      return byte == 1;
    } else {
      T value{};
      if (const auto from = bytes(sizeof value); !from.empty()) std::memcpy(&value, from.data(), sizeof value);
      return value;
    }
  }
  std::string_view text() { return bytes(value<uint64_t>()); }
  uint64_t number() {
    uint64_t number = 0;
    for (size_t at = 0; at < rest_.size() && at < 10; ++at) {
      const auto byte = static_cast<uint8_t>(rest_[at]);
      number |= uint64_t{byte & 127u} << (7 * at);
      if (byte > 127) continue;
      rest_.remove_prefix(at + 1);
      return number;
    }
    good_ = false;
    rest_ = {};
    return 0;
  }
  void numbers(char* words, size_t count) {
    for (size_t at = 0; at < count; ++at) {
      const uint64_t word = number();
      std::memcpy(words + at * sizeof word, &word, sizeof word);
    }
  }
  std::string_view bytes(uint64_t size) {
    if (size > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool good() const { return good_; }
  size_t left() const { return rest_.size(); }
  // Says that something that was read cannot have been saved.
  void fail() { good_ = false; }
  // FATAL where it ended too early or goes on.
  Done finish() const {
    if (!good_ || !rest_.empty()) return fatal("the state that was kept is damaged: it does not end where it should");
    return {};
  }

 private:
  explicit StateReader(std::string_view state) : rest_(state) {}
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace levada
