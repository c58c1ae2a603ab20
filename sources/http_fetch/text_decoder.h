// Text in whatever encoding, bit by bit, to UTF-8: by its byte order mark, else by the name of the
// encoding that came with it.
#pragma once

#include <iconv.h>

#include <string>
#include <string_view>

namespace levada::http_fetch {

class TextDecoder {
 public:
  // "UTF-16LE", "iso-8859-1"; empty: UTF-8, which passes as it is, without its mark.
  explicit TextDecoder(std::string charset) : charset_(std::move(charset)) {}
  ~TextDecoder();
  TextDecoder(const TextDecoder&) = delete;
  TextDecoder& operator=(const TextDecoder&) = delete;

  // Appends what is known by now. What is no text of the encoding becomes U+FFFD.
  void decode(std::string_view bytes, std::string& to);
  void finish(std::string& to);
  // The name is none that the system knows: the bytes pass as they are.
  bool is_unknown() const { return is_unknown_; }
  // Bytes that are no text.
  int64_t replaced() const { return replaced_; }

 private:
  void begin();
  void convert(std::string& to, bool at_end);

  std::string charset_;
  std::string rest_;  // Bytes that wait for the next ones.
  bool has_begun_ = false, is_unknown_ = false;
  size_t unit_ = 1;  // Bytes that are passed over where they are no text.
  int64_t replaced_ = 0;
  iconv_t converter_ = reinterpret_cast<iconv_t>(-1);
};

// Of a Content-Type, "text/plain; charset=utf-16"; empty where it says none.
std::string charset_of(std::string_view content_type);

}  // namespace levada::http_fetch
