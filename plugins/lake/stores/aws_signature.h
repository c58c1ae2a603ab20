// Signs requests to AWS and to servers that speak its protocols (Signature Version 4). libcurl
// has it too, but the versions of today's distributions sign queries and bodies that they stream
// wrongly.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace levada::lake {

struct AwsCredentials {
  std::string access_key, secret_key;
  std::string session_token;  // Of credentials that expire.
};

struct UnsignedRequest {
  std::string method;
  std::string host;                                               // With its port, where that is not the scheme's own.
  std::string path;                                               // As it stands in the URL.
  std::vector<std::pair<std::string, std::string>> query = {};    // Not encoded.
  std::vector<std::pair<std::string, std::string>> headers = {};  // Names in lower case, without host.
  std::string body_sha256;
};

// "a=1&b=", encoded and in the order in which it is signed.
std::string canonical_query(std::vector<std::pair<std::string, std::string>> query);

// In lower case hexadecimal.
std::string sha256_hex(std::string_view bytes);

// All headers of the request as lines "name: value", with the signature. `now`: since 1970 UTC.
std::vector<std::string> sign_request(UnsignedRequest request, const AwsCredentials& credentials,
                                      const std::string& region, const std::string& service, std::chrono::seconds now);

}  // namespace levada::lake
