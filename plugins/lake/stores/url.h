// Addresses of stores, and the texts that URLs are made of.
#pragma once

#include <string>
#include <string_view>

#include "levada/result.h"

namespace levada::lake {

// "webhdfs://namenode:9870/data/views" in its three parts.
struct StoreAddress {
  std::string scheme;     // "webhdfs"
  std::string authority;  // "namenode:9870": a host, several hosts, a bucket.
  std::string path;       // "/data/views": no "/" at its end, empty for the root.
};

// Fails where the text is none, or has parts that no store knows (a query, a user, "..").
Result<StoreAddress> parse_address(const std::string& text);

// Every byte but letters, digits and "-._~" becomes %XX.
std::string url_encode(std::string_view text);
// The same, with the "/" between the parts of a path left as they are.
std::string url_encode_path(std::string_view path);
// Turns %XX back; other text stays as it is.
std::string url_decode(std::string_view text);

// "a/b" of "a/b/c"; empty for a path of one part.
std::string parent_path(const std::string& path);
// "c" of "a/b/c".
std::string file_name(const std::string& path);

}  // namespace levada::lake
