// A canonical text of the request is hashed, and signed with a key that is made of the secret
// key, the day, the region and the service.
#include "lake/stores/aws_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "lake/stores/url.h"

namespace levada::lake {
namespace {

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
  unsigned int bytes = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), result.data(), &bytes);
  return {reinterpret_cast<const char*>(result.data()), bytes};
}

std::string utc(std::chrono::seconds now) {
  const std::time_t time = now.count();
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

}  // namespace

std::string canonical_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = url_encode(name);
    value = url_encode(value);
  }
  std::sort(query.begin(), query.end());
  std::string text;
  for (const auto& [name, value] : query) (((text += text.empty() ? "" : "&") += name) += "=") += value;
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), result.data(), &length, EVP_sha256(), nullptr);
  return hex({reinterpret_cast<const char*>(result.data()), length});
}

std::vector<std::string> sign_request(UnsignedRequest request, const AwsCredentials& credentials,
                                      const std::string& region, const std::string& service, std::chrono::seconds now) {
  const auto time = utc(now);
  const auto day = time.substr(0, 8);
  auto& headers = request.headers;
  headers.emplace_back("host", request.host);
  headers.emplace_back("x-amz-date", time);
  if (service == "s3") headers.emplace_back("x-amz-content-sha256", request.body_sha256);
  if (!credentials.session_token.empty()) headers.emplace_back("x-amz-security-token", credentials.session_token);
  std::sort(headers.begin(), headers.end());

  std::string names, lines;
  for (const auto& [name, value] : headers) {
    (names += names.empty() ? "" : ";") += name;
    (((lines += name) += ":") += value) += "\n";
  }
  const auto canonical = request.method + "\n" + request.path + "\n" + canonical_query(std::move(request.query)) +
                         "\n" + lines + "\n" + names + "\n" + request.body_sha256;
  const auto scope = day + "/" + region + "/" + service + "/aws4_request";
  const auto text = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256_hex(canonical);
  const auto key = hmac(hmac(hmac(hmac("AWS4" + credentials.secret_key, day), region), service), "aws4_request");

  std::vector<std::string> all;
  for (const auto& [name, value] : headers)
    if (name != "host") all.push_back(value.empty() ? name + ";" : name + ": " + value);
  all.push_back("authorization: AWS4-HMAC-SHA256 Credential=" + credentials.access_key + "/" + scope +
                ", SignedHeaders=" + names + ", Signature=" + hex(hmac(key, text)));
  return all;
}

}  // namespace levada::lake
