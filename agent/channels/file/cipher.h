// Encryption at rest: AES-256-GCM with keys of the user.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "levada/plugin.h"
#include "levada/result.h"

namespace levada::agent {

class Cipher {
 public:
  // Of 64 hexadecimal digits.
  static Result<Cipher> create(std::string_view key);

  // What a sealed text is longer by: a tag of 16 bytes, and the 12 random ones that no two texts
  // share. By chance two of 2^32 texts of a key would with a probability of 2^-33.
  static constexpr size_t kOverhead = 28;

  // The first eight bytes of the key's SHA-256: which key a file needs,
  // and nothing about what it is.
  uint64_t id() const { return id_; }
  // Writes the sealed parts to `to`; `with` is authenticated beside them.
  Done seal(std::span<const levada_bytes> parts, std::span<const std::string_view> with, char* to) const;
  // In place; false where the text, or what is authenticated with it, is not
  // what was sealed with this key.
  bool open(char* text, size_t sealed_bytes, std::span<const std::string_view> with) const;

 private:
  std::array<unsigned char, 32> key_{};
  uint64_t id_ = 0;
};

// The key of what is written, and those of what was written before.
class KeyRing {
 public:
  static Result<KeyRing> create(const std::string& current, const std::vector<std::string>& old);
  const Cipher* current() const { return has_current_ ? &keys_.front() : nullptr; }
  uint64_t current_id() const { return has_current_ ? keys_.front().id() : 0; }
  // Null where it has no such key.
  const Cipher* find(uint64_t id) const;

 private:
  bool has_current_ = false;
  std::vector<Cipher> keys_;
};

}  // namespace levada::agent
