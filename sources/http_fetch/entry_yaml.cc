// Entries of a list file in YAML.
#include <yaml-cpp/yaml.h>

#include <set>

#include "entry.h"

namespace levada::http_fetch {
namespace {

// One file, with the places of what is in it.
class YamlList {
 public:
  explicit YamlList(const std::string& path) : path_(path) {}

  Result<std::vector<Entry>> read(const std::vector<YAML::Node>& documents) {
    std::vector<Entry> entries;
    if (documents.size() > 1) return fault(documents[1], "a second document begins here; a list is one");
    if (documents.empty() || documents[0].IsNull()) return entries;
    auto list = documents[0];
    if (list.IsMap() && list.size() == 1 && list["sources"]) list.reset(list["sources"]);
    if (!list.IsSequence()) return fault(list, "must be a list of tables, alone or as `sources`: - name: ads");
    for (const auto& item : list) {
      Entry entry;
      LEVADA_TRY(read(item, entry));
      if (auto wrong = fault_of(entry); !wrong.empty()) return fault(item, entry.name + ": " + wrong);
      if (!names_.insert(entry.name).second) return fault(item, "there are two lists of the name " + entry.name);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  Error fault(const YAML::Mark& mark, const std::string& what) const {
    const auto place =
        mark.is_null() ? std::string() : std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) + ": ";
    return fatal(path_ + ":" + place + what);
  }

 private:
  Error fault(const YAML::Node& node, const std::string& what) const { return fault(node.Mark(), what); }

  Done read(const YAML::Node& item, Entry& entry) const {
    if (!item.IsMap()) return fault(item, "must be a table with `name` and `url`");
    std::set<std::string> seen;
    for (const auto& each : item) {
      const auto &key = each.first, &value = each.second;
      if (!key.IsScalar()) return fault(key, "must be a name");
      const auto& name = key.Scalar();
      if (!seen.insert(name).second) return fault(key, "`" + name + "` is there twice");
      if (name == "headers") {
        LEVADA_TRY(read_headers(value, entry));
        continue;
      }
      if (value.IsNull()) continue;
      if (!value.IsScalar()) return fault(value, "`" + name + "` must be a text, a number or a boolean");
      if (name == "name") entry.name = value.Scalar();
      else if (name == "url") entry.url = value.Scalar();
      else if (!value.Scalar().empty()) entry.values.emplace_back(name, value.Scalar());
    }
    for (const auto* needed : {"name", "url"})
      if (!seen.contains(needed)) return fault(item, std::string("has no `") + needed + "`");
    return {};
  }

  Done read_headers(const YAML::Node& headers, Entry& entry) const {
    if (!headers.IsMap()) return fault(headers, "`headers` must be a table");
    for (const auto& each : headers) {
      const auto &key = each.first, &value = each.second;
      if (!key.IsScalar() || !value.IsScalar()) return fault(key, "a header is a name and a text");
      entry.headers.emplace_back(key.Scalar(), value.Scalar());
    }
    return {};
  }

  const std::string& path_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::vector<Entry>> entries_of_yaml(const std::string& path, std::string_view text) {
  YamlList list(path);
  try {
    return list.read(YAML::LoadAll(std::string(text)));
  } catch (const YAML::Exception& error) {
    return list.fault(error.mark, error.msg);
  }
}

}  // namespace levada::http_fetch
