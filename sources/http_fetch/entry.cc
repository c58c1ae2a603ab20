#include "entry.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

#include "text/csv_record.h"

namespace levada::http_fetch {
namespace {

constexpr size_t kNameBytes = 100;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string scheme_of(std::string_view url) {
  const auto end = url.find("://");
  return end == url.npos ? std::string() : lower(std::string(url.substr(0, end)));
}

// A value of the configuration as text for a column.
std::string text_of(const Tree& value) {
  switch (value.type()) {
    case LEVADA_INTEGER: return std::to_string(value.integer());
    case LEVADA_BOOLEAN: return value.integer() ? "true" : "false";
    case LEVADA_NUMBER: {
      std::string text = std::to_string(value.number());
      return text;
    }
    default: return std::string(value.text());
  }
}

bool is_scalar(const Tree& value) {
  return value.type() == LEVADA_STRING || value.type() == LEVADA_INTEGER || value.type() == LEVADA_BOOLEAN ||
         value.type() == LEVADA_NUMBER;
}

Done read_table(const Tree& table, const std::string& option, Entry& entry) {
  for (size_t at = 0; at < table.size(); ++at) {
    const auto item = table[at];
    const std::string key(item.key());
    const auto path = option + "." + key;
    if (key == "headers") {
      if (item.type() != LEVADA_TREE && item.type() != LEVADA_TABLE) return wrong(path, "must be a table of headers");
      for (size_t header = 0; header < item.size(); ++header) {
        const std::string name(item[header].key());
        if (!is_scalar(item[header])) return wrong(path + "." + name, "must be a text");
        entry.headers.emplace_back(name, text_of(item[header]));
      }
      continue;
    }
    if (!is_scalar(item)) return wrong(path, "must be a text, a number or a boolean");
    if (key == "name") return wrong(path, "the name is that of the table");
    if (key == "url") entry.url = text_of(item);
    else entry.values.emplace_back(key, text_of(item));
  }
  if (entry.url.empty()) return wrong(option, "has no `url`");
  return {};
}

}  // namespace

const std::string* Entry::value(std::string_view column) const {
  if (column == "name") return &name;
  if (column == "url") return &url;
  const auto found = std::find_if(values.begin(), values.end(), [&](const auto& each) { return each.first == column; });
  return found == values.end() ? nullptr : &found->second;
}

bool Entry::is_file() const {
  const auto scheme = scheme_of(url);
  return scheme.empty() || scheme == "file";
}

std::string Entry::path() const {
  if (scheme_of(url).empty()) return url;
  auto path = url.substr(url.find("://") + 3);
  if (path.starts_with("localhost/")) path.erase(0, 9);
  std::string plain;
  for (size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '%' && at + 2 < path.size() && std::isxdigit(static_cast<unsigned char>(path[at + 1])) &&
        std::isxdigit(static_cast<unsigned char>(path[at + 2]))) {
      plain += static_cast<char>(std::strtol(path.substr(at + 1, 2).c_str(), nullptr, 16));
      at += 2;
    } else {
      plain += path[at];
    }
  }
  return plain;
}

std::string Entry::host() const {
  const auto begin = url.find("://") + 3;
  auto host = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  if (const auto at = host.rfind('@'); at != host.npos) host.erase(0, at + 1);
  return host;
}

std::string fault_of(const Entry& entry) {
  if (entry.name.empty() || entry.name.size() > kNameBytes || entry.name[0] == '.' ||
      !std::all_of(entry.name.begin(), entry.name.end(), is_plain))
    return "a name has 1 to 100 letters, digits, '_', '-' or '.', and begins with no '.'";
  const auto scheme = scheme_of(entry.url);
  if (scheme.empty() && !entry.url.starts_with('/'))
    return "must begin with http://, https://, file:/// or be the whole path of a file";
  if (scheme == "file" && !entry.path().starts_with('/')) return "file:// needs the whole path: file:///srv/list.txt";
  if (!scheme.empty() && scheme != "http" && scheme != "https" && scheme != "file")
    return "cannot be fetched: http, https and file can";
  if (!entry.is_file() && entry.host().empty()) return "has no host";
  for (const char c : entry.url)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "has a control character";
  for (const auto& [name, value] : entry.headers)
    if (name.empty() || (name + value).find_first_of("\r\n") != std::string::npos ||
        name.find(':') != std::string::npos)
      return "has a header that cannot be sent";
  return {};
}

Result<std::vector<Entry>> entries_of(const Tree& urls) {
  std::vector<Entry> entries;
  for (size_t at = 0; at < urls.size(); ++at) {
    const auto item = urls[at];
    Entry entry;
    entry.name = item.key();
    const auto option = "urls." + entry.name;
    if (item.type() == LEVADA_STRING) entry.url = item.text();
    else if (item.type() == LEVADA_TREE || item.type() == LEVADA_TABLE) LEVADA_TRY(read_table(item, option, entry));
    else return wrong(option, "must be a URL, or a table with one");
    if (auto fault = fault_of(entry); !fault.empty()) return wrong(option, std::move(fault));
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<std::vector<Entry>> entries_of_csv(const std::string& path, std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<std::string> header;
  std::vector<Entry> entries;
  std::vector<CsvField> fields;
  std::set<std::string> names;
  int64_t line = 1;
  while (!text.empty()) {
    const auto place = path + ":" + std::to_string(line);
    CsvFault fault;
    const auto size = read_csv_record(text, {}, fields, fault);
    if (size == 0) return fatal(place + ":" + std::to_string(fault.offset + 1) + ": " + fault.reason);
    const auto record = text.substr(0, size);
    line += std::count(record.begin(), record.end(), '\n');
    text.remove_prefix(size);
    const auto first = record.find_first_not_of(" \t\r\n");
    if (first == record.npos || record[first] == '#') continue;
    std::vector<std::string> values;
    for (const auto& field : fields) append_csv_text(field, '"', values.emplace_back());
    if (header.empty()) {
      header = values;
      for (const auto* needed : {"name", "url"})
        if (std::find(header.begin(), header.end(), needed) == header.end())
          return fatal(place + ": the first line names the columns, and has no \"" + needed + "\"");
      continue;
    }
    if (values.size() != header.size())
      return fatal(place + ": has " + std::to_string(values.size()) + " fields, and the first line " +
                   std::to_string(header.size()));
    Entry entry;
    for (size_t at = 0; at < header.size(); ++at) {
      if (header[at] == "name") entry.name = values[at];
      else if (header[at] == "url") entry.url = values[at];
      else if (!values[at].empty()) entry.values.emplace_back(header[at], values[at]);
    }
    if (auto wrong = fault_of(entry); !wrong.empty()) return fatal(place + ": " + entry.name + ": " + wrong);
    if (!names.insert(entry.name).second) return fatal(place + ": there are two lists of the name " + entry.name);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace levada::http_fetch
