// Bodies that were compressed on their way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "levada/result.h"

namespace levada::http_server {

// Why a body is not taken, and the status that says so.
struct BodyFault {
  int status = 0;  // 0: there is none.
  std::string reason;
  explicit operator bool() const { return status != 0; }
};

// Puts the decompressed text in place of a body with this Content-Encoding: "gzip", "zstd",
// "identity" or none. 415: another one; 413: it is larger than `most`; 400: it is damaged.
BodyFault decode_body(std::string_view encoding, size_t most, std::string& body);

}  // namespace levada::http_server
