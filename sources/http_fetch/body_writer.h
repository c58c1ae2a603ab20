// Writes a body to disk as it comes in: decompressed, as UTF-8, within a limit; whole and durable
// under its name, or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "levada/host.h"
#include "rows/codec.h"
#include "text_decoder.h"

namespace levada::http_fetch {

class BodyWriter {
 public:
  struct Rules {
    uint64_t max_bytes = 0;  // Of the text, decompressed.
    bool decompress = true;  // What begins like gzip or zstd.
    std::string charset;     // Empty: UTF-8, unless a byte order mark says otherwise.
  };
  // `path`: a file that is made, or begun anew.
  static Result<std::unique_ptr<BodyWriter>> begin(const Files& files, std::string path, Rules rules);
  // Removes what was not committed.
  ~BodyWriter();
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;

  // REJECT: the body can be no list, and never will be: it is too large. IDLE: it is damaged, and
  // may come whole another time. RETRY: the disk has failed. After any of them it is of no use.
  Done write(std::string_view bytes);
  Done finish();
  // So many bytes were given to it.
  uint64_t received() const { return received_; }
  // Of the text; once it is finished.
  uint64_t bytes() const { return bytes_; }
  uint64_t hash() const;
  const TextDecoder& decoder() const { return decoder_; }

  // Puts `footer` behind the text and gives the file its name.
  Done commit(const std::string& path, std::string_view footer);
  // The text by now, for who puts something else in its place before it is committed.
  Result<std::string> text();
  Done replace_text(std::string_view text);

 private:
  struct Hash;
  BodyWriter(const Files& files, File file, Rules rules);
  Done start();
  Done decompress(std::string_view bytes);
  Done take_text(std::string_view bytes);
  Done put(std::string_view text);

  const Files files_;
  File file_;
  const Rules rules_;
  TextDecoder decoder_;
  std::unique_ptr<rows::Codec> codec_;
  bool has_begun_ = false, in_member_ = false, is_committed_ = false;
  std::string head_;  // Until enough is there to know what it is.
  std::string unpacked_, text_;
  std::unique_ptr<Hash> hash_;
  uint64_t received_ = 0, bytes_ = 0;
};

}  // namespace levada::http_fetch
