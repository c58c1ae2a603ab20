// Percent-encoding as RFC 3986 has it; "+" is never a space.
#include "lake/stores/url.h"

#include <cctype>

namespace levada::lake {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keep_slashes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_plain(c) || (keep_slashes && c == '/')) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return encoded;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool has_dots(std::string_view path) {
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/'));
    if (part == "." || part == "..") return true;
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return false;
}

}  // namespace

Result<StoreAddress> parse_address(const std::string& text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string::npos || scheme_end == 0)
    return fatal("\"" + text + "\" is no address of a store, such as \"s3://bucket/folder\"");
  StoreAddress address;
  address.scheme = text.substr(0, scheme_end);
  const auto authority = scheme_end + 3;
  const auto slash = std::min(text.find('/', authority), text.size());
  address.authority = text.substr(authority, slash - authority);
  address.path = text.substr(slash);
  while (address.path.ends_with('/')) address.path.pop_back();
  if (address.authority.empty()) return fatal("\"" + text + "\" names no host or bucket");
  if (address.authority.find('@') != std::string::npos)
    return fatal("an address has no user or password in it: they are options of their own");
  if (text.find('?') != std::string::npos || text.find('#') != std::string::npos)
    return fatal("\"" + text + "\" has a \"?\" or \"#\" in it, which an address of a store cannot have");
  if (address.path.find("//") != std::string::npos || has_dots(address.path))
    return fatal("the path in \"" + text + "\" has an empty part, \".\" or \"..\"");
  return address;
}

std::string url_encode(std::string_view text) { return encode(text, false); }

std::string url_encode_path(std::string_view path) { return encode(path, true); }

std::string url_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    const bool encoded =
        text[at] == '%' && at + 2 < text.size() && digit(text[at + 1]) >= 0 && digit(text[at + 2]) >= 0;
    if (!encoded) {
      decoded += text[at];
      continue;
    }
    decoded += static_cast<char>(digit(text[at + 1]) * 16 + digit(text[at + 2]));
    at += 2;
  }
  return decoded;
}

std::string parent_path(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

}  // namespace levada::lake
