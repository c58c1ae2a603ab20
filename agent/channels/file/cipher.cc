#include "agent/channels/file/cipher.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <charconv>
#include <climits>
#include <cstring>
#include <memory>

namespace levada::agent {
namespace {

constexpr int kTagBytes = 16, kNonceBytes = 12;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* unsigned_of(const char* text) { return reinterpret_cast<const unsigned char*>(text); }
unsigned char* unsigned_of(char* text) { return reinterpret_cast<unsigned char*>(text); }

// OpenSSL counts in int.
template <class Update>
bool in_steps(const char* from, size_t bytes, Update update) {
  constexpr size_t kStep = size_t{1} << 30;
  for (size_t at = 0; at < bytes; at += kStep)
    if (update(from + at, static_cast<int>(std::min(kStep, bytes - at))) != 1) return false;
  return true;
}

}  // namespace

Result<Cipher> Cipher::create(std::string_view key) {
  Cipher cipher;
  const auto malformed = [] { return fatal("a key is 64 hexadecimal digits, as `openssl rand -hex 32` prints them"); };
  if (key.size() != 2 * cipher.key_.size()) return malformed();
  for (size_t at = 0; at < cipher.key_.size(); ++at) {
    const char* const digits = key.data() + 2 * at;
    if (std::from_chars(digits, digits + 2, cipher.key_[at], 16).ptr != digits + 2) return malformed();
  }
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(cipher.key_.data(), cipher.key_.size(), hash);
  std::memcpy(&cipher.id_, hash, sizeof cipher.id_);
  return cipher;
}

Done Cipher::seal(std::span<const levada_bytes> parts, std::span<const std::string_view> with, char* to) const {
  size_t bytes = 0;
  for (const auto& part : parts) bytes += part.size;
  char* const tag = to + bytes;
  char* const nonce = tag + kTagBytes;
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  bool good = context && RAND_bytes(unsigned_of(nonce), kNonceBytes) == 1 &&
              EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), unsigned_of(nonce)) == 1;
  for (const auto& text : with)
    good = good && EVP_EncryptUpdate(context.get(), nullptr, &written, unsigned_of(text.data()),
                                     static_cast<int>(text.size())) == 1;
  for (const auto& part : parts)
    good = good && in_steps(part.data, part.size, [&](const char* from, int step) {
             const int done = EVP_EncryptUpdate(context.get(), unsigned_of(to), &written, unsigned_of(from), step);
             to += step;
             return done;
           });
  good = good && EVP_EncryptFinal_ex(context.get(), unsigned_of(to), &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag) == 1;
  if (!good) return retry("OpenSSL did not encrypt");
  return {};
}

bool Cipher::open(char* text, size_t sealed_bytes, std::span<const std::string_view> with) const {
  if (sealed_bytes < kOverhead) return false;
  const size_t bytes = sealed_bytes - kOverhead;
  char* const tag = text + bytes;
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  bool good = context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(),
                                            unsigned_of(tag + kTagBytes)) == 1;
  for (const auto& part : with)
    good = good && EVP_DecryptUpdate(context.get(), nullptr, &written, unsigned_of(part.data()),
                                     static_cast<int>(part.size())) == 1;
  char* to = text;
  good = good && in_steps(text, bytes, [&](const char* from, int step) {
           const int done = EVP_DecryptUpdate(context.get(), unsigned_of(to), &written, unsigned_of(from), step);
           to += step;
           return done;
         });
  return good && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag) == 1 &&
         EVP_DecryptFinal_ex(context.get(), unsigned_of(to), &written) == 1;
}

Result<KeyRing> KeyRing::create(const std::string& current, const std::vector<std::string>& old) {
  KeyRing ring;
  const auto add = [&](const std::string& key, const char* option) -> Done {
    auto cipher = Cipher::create(key);
    if (!cipher) return wrong(option, cipher.error().message);
    ring.keys_.push_back(*std::move(cipher));
    return {};
  };
  ring.has_current_ = !current.empty();
  if (ring.has_current_) LEVADA_TRY(add(current, "encryption_key"));
  for (const auto& key : old) LEVADA_TRY(add(key, "old_encryption_keys"));
  return ring;
}

const Cipher* KeyRing::find(uint64_t id) const {
  for (const auto& key : keys_)
    if (key.id() == id) return &key;
  return nullptr;
}

}  // namespace levada::agent
