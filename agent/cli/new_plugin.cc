#include "agent/cli/new_plugin.h"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace levada::agent {
namespace {
namespace fs = std::filesystem;

Done check_name(const std::string& name) {
  const bool snake_case = !name.empty() && name.front() >= 'a' && name.front() <= 'z' && name.back() != '_' &&
                          name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos &&
                          name.find("__") == std::string::npos;
  if (!snake_case)
    return fatal("\"" + name + "\" cannot be the name of a plugin: write it in snake_case, such as \"mask_ips\"");
  return {};
}

// "mask_ips" becomes "MaskIps".
std::string class_of(const std::string& name) {
  std::string result;
  bool starts_word = true;
  for (const char c : name) {
    if (c != '_') result += starts_word ? static_cast<char>(std::toupper(c)) : c;
    starts_word = c == '_';
  }
  return result;
}

// The installed templates, or those of the tree that this program was built in.
Result<fs::path> find_templates() {
  std::error_code failed;
  const auto program = fs::read_symlink("/proc/self/exe", failed).parent_path();
  const auto installed = (program / ".." / LEVADA_TEMPLATE_FOLDER).lexically_normal();
  for (const auto& folder : {installed, fs::path(LEVADA_SOURCE_TEMPLATE_FOLDER)})
    if (fs::is_directory(folder, failed)) return folder;
  return fatal("the templates are not installed: " + installed.string() +
               " is missing; they come with the SDK (the package levada-dev)");
}

std::string replace_all(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

Done write_from_template(const fs::path& from, const fs::path& to, const std::string& name) {
  std::ifstream in(from, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fatal("cannot read " + from.string());
  std::ofstream out(to, std::ios::binary);
  out << replace_all(replace_all(text.str(), "@NAME@", name), "@CLASS@", class_of(name));
  out.close();
  if (!out) return fatal("cannot write " + to.string());
  return {};
}

}  // namespace

Done new_plugin(const std::string& kind, bool in_c, const std::string& name, const std::string& folder) {
  LEVADA_TRY(check_name(name));
  if (in_c && kind != "interceptor")
    return fatal("there is a template in C for an interceptor, and none for a " + kind + ": leave out --c");
  auto templates = find_templates();
  if (!templates) return std::move(templates).error();
  std::error_code failed;
  if (fs::exists(folder, failed) && !(fs::is_directory(folder, failed) && fs::is_empty(folder, failed)))
    return fatal(folder + " is already there: name another folder, or remove it");
  fs::create_directories(folder, failed);
  if (failed) return fatal("cannot make " + folder + ": " + failed.message());
  fs::directory_iterator files(*templates / (in_c ? "c" : "") / kind, failed);
  if (failed) return fatal("there is no template for a " + kind + " in " + templates->string());
  for (const auto& file : files)
    LEVADA_TRY(write_from_template(
        file.path(), fs::path(folder) / replace_all(file.path().filename().string(), "NAME", name), name));
  return {};
}

}  // namespace levada::agent
