// levada-conformance PLUGIN.so CASE.toml...: puts the components of a plugin, in whatever language
// it was written, to the MUSTs of docs/spec. Exits with 0 where all hold, 1 where one does not, 2
// where there is nothing to test.
#include <dlfcn.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/values.h"

using namespace levada;
using namespace levada::testkit;

namespace {

enum Key {
  kComponent,
  kOptions,
  kBodies,
  kColumns,
  kRefused,
  kFiles,
  kOtherOptions,
  kCutsMatter,
  kNullsAreEmpty,
  kKeys
};

// A case, as its file describes it.
constexpr levada_option kCase[kKeys] = {
    {"component", LEVADA_STRING, LEVADA_REQUIRED, nullptr, nullptr, "The component that is tested."},
    {"options", LEVADA_STRING, 0, nullptr, R"("")", "Its options, as in a configuration."},
    {"bodies", LEVADA_STRINGS, 0, nullptr, "[]", "An interceptor or a sink: bodies that it can make something of."},
    {"columns", LEVADA_TREE, 0, nullptr, nullptr, "Columns of text that it reads, with a list of values each."},
    {"refused", LEVADA_TABLE, 0, nullptr, nullptr, "By option: options that create must refuse for its sake."},
    {"files", LEVADA_TABLE, 0, nullptr, nullptr, "By path: the text of a file that is there before it begins."},
    {"other_options", LEVADA_STRING, 0, nullptr, nullptr, "With a state: options whose state it cannot go on with."},
    {"cuts_matter", LEVADA_BOOLEAN, 0, nullptr, "false", "Its rows depend on which rows came in one batch."},
    {"nulls_are_empty", LEVADA_BOOLEAN, 0, nullptr, "false", "It means to treat a null as an empty text."},
};

std::string text_of(const levada_value& value) { return std::string(detail::view(value.text)); }
std::string key_of(const levada_value& value) { return std::string(detail::view(value.key)); }
std::span<const levada_value> items_of(const levada_value& value) { return {value.items, value.set ? value.count : 0}; }

Result<Subject> read_case(const levada_plugin& plugin, const std::string& plugin_file, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return fatal(path + ": cannot be read");
  levada_component format{};
  format.size = sizeof format;
  format.name = "case";
  format.options = kCase;
  format.option_count = kKeys;
  const auto values = Values::parse(format, text);
  if (!values) return fatal(path + ":" + values.error().message);
  const levada_value* value = values->data();
  Subject subject;
  subject.plugin = &plugin;
  subject.plugin_file = plugin_file;
  subject.component = component_of(plugin, detail::view(value[kComponent].text));
  if (!subject.component) return fatal(path + ": the plugin has no component " + text_of(value[kComponent]));
  subject.options = text_of(value[kOptions]);
  for (const auto& item : items_of(value[kBodies])) subject.bodies.push_back(text_of(item));
  for (const auto& item : items_of(value[kColumns])) {
    TextBuilder column;
    for (const auto& each : items_of(item)) column.append(detail::view(each.text));
    subject.columns.push_back(std::move(column).finish(key_of(item), Type::text));
  }
  for (const auto& item : items_of(value[kRefused])) subject.refused.push_back({text_of(item), key_of(item)});
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& item : items_of(value[kFiles])) files.emplace_back(key_of(item), text_of(item));
  subject.prepare = [files](FakeHost& host) {
    for (const auto& [file, content] : files) host.files().write_file(file, content);
    host.clock().advance(std::chrono::hours(1));  // What was there long before has settled.
  };
  if (value[kOtherOptions].set) subject.other_options = text_of(value[kOtherOptions]);
  subject.cuts_matter = value[kCutsMatter].integer != 0;
  subject.nulls_are_empty = value[kNullsAreEmpty].integer != 0;
  return subject;
}

bool run(const Subject& subject, const char* path) {
  const FakeHost counts;  // The batches of the test lie in memory that is counted, too.
  const auto musts = musts_of(subject.component->kind);
  size_t broken = 0;
  for (const auto& must : musts) {
    std::vector<std::string> findings;
    must.test(subject, findings);
    broken += !findings.empty();
    for (const auto& finding : findings) std::printf("%s: %s: %s\n", path, must.name, finding.c_str());
  }
  std::printf("%s: %zu of %zu hold\n", path, musts.size() - broken, musts.size());
  return broken == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "levada-conformance PLUGIN.so CASE.toml...\nThe keys of a case:\n");
    for (const auto& key : kCase) std::fprintf(stderr, "  %-16s %s\n", key.name, key.summary);
    return 2;
  }
  const FakeHost for_columns;
  void* library = ::dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  const auto entry = library ? reinterpret_cast<levada_entry>(::dlsym(library, "levada_plugin_1")) : nullptr;
  if (!entry) {
    std::fprintf(stderr, "%s\n", ::dlerror());
    return 2;
  }
  bool holds = true;
  for (int at = 2; at < count; ++at) {
    const auto subject = read_case(*entry(), arguments[1], arguments[at]);
    if (!subject) {
      std::fprintf(stderr, "%s\n", subject.error().message.c_str());
      return 2;
    }
    holds = run(*subject, arguments[at]) && holds;
  }
  return holds ? 0 : 1;
}
