// ${env:NAME}, ${env:NAME:-default}, ${file:path} and ${credential:NAME} inside the strings of
// a configuration.
#include "agent/config/substitution.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "agent/config/node.h"

namespace levada::agent {

namespace {

constexpr size_t kMostFileBytes = 1 << 20;

bool is_variable_name(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The text of a file without its last line end is a secret. Gives an error or nothing.
std::string take_file(const std::string& what, const std::filesystem::path& path, Substitution& result) {
  FileText file = read_file(path.string(), kMostFileBytes);
  if (!file.error.empty()) return what + " " + file.error;
  if (file.text.ends_with('\n')) file.text.pop_back();
  if (file.text.ends_with('\r')) file.text.pop_back();
  result.text += file.text;
  result.secrets.push_back(std::move(file.text));
  return "";
}

// What systemd hands to a service: LoadCredential=, LoadCredentialEncrypted=, SetCredential=.
std::string take_credential(const std::string& name, Substitution& result) {
  if (name.empty() || name.find('/') != name.npos || name == "." || name == "..")
    return quote(name) + " is no name of a credential";
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') {
    return "credential " + name + " is not there: CREDENTIALS_DIRECTORY is not set, as systemd does it for a service " +
           "with LoadCredential=" + name + ":/path or SetCredential=";
  }
  return take_file("credential " + name, std::filesystem::path(folder) / name, result);
}

// Appends what stands for `inside`, the text between the braces; gives an error or nothing.
std::string replace_one(std::string_view inside, const std::string& folder, Substitution& result) {
  std::string& out = result.text;
  if (inside.starts_with("env:")) {
    inside.remove_prefix(4);
    const size_t dash = inside.find(":-");
    const std::string name(inside.substr(0, dash));
    if (!is_variable_name(name)) return quote(name) + " is no name of an environment variable";
    const char* value = std::getenv(name.c_str());
    if (dash == std::string_view::npos) {
      if (value == nullptr) {
        return "environment variable " + name + " is not set; set it, or give a default: ${env:" + name + ":-default}";
      }
      out += value;
    } else if (value != nullptr && *value != '\0') {
      out += value;
    } else {
      out += inside.substr(dash + 2);
    }
    return "";
  }
  if (inside.starts_with("file:")) {
    inside.remove_prefix(5);
    if (inside.empty()) return "${file:} names no file";
    std::filesystem::path path{std::string(inside)};
    if (path.is_relative()) path = std::filesystem::path(folder) / path;
    return take_file("file " + path.string(), path, result);
  }
  if (inside.starts_with("credential:")) return take_credential(std::string(inside.substr(11)), result);
  return "unknown substitution ${" + std::string(inside) +
         "}; write ${env:NAME}, ${env:NAME:-default}, ${file:path} or ${credential:NAME}, and $${ for a plain ${";
}

}  // namespace

FileText read_file(const std::string& path, size_t most_bytes) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return {"", "is a folder"};
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return {"", std::string("cannot be read: ") + std::strerror(errno)};
  FileText file;
  std::string block(65536, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
    file.text.append(block, 0, static_cast<size_t>(in.gcount()));
    if (file.text.size() > most_bytes) return {"", "is larger than " + std::to_string(most_bytes) + " bytes"};
  }
  if (in.bad()) return {"", std::string("cannot be read: ") + std::strerror(errno)};
  return file;
}

Substitution substitute(std::string_view written, const std::string& folder) {
  Substitution result;
  size_t at = 0;
  while (at < written.size()) {
    const size_t next = written.find("${", at);
    if (next == std::string_view::npos) break;
    result.any = true;
    if (next > at && written[next - 1] == '$') {
      result.text += written.substr(at, next - 1 - at);
      result.text += "${";
      at = next + 2;
      continue;
    }
    result.text += written.substr(at, next - at);
    const size_t end = written.find('}', next);
    if (end == std::string_view::npos) {
      result.error = "\"${\" is not closed; write $${ for a plain ${";
      return result;
    }
    result.error = replace_one(written.substr(next + 2, end - next - 2), folder, result);
    if (!result.error.empty()) return result;
    result.whole = next == 0 && end + 1 == written.size();
    at = end + 1;
  }
  result.text += written.substr(at);
  return result;
}

}  // namespace levada::agent
