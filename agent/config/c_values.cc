// The C functions of levada/values.h, over the reader of options that the agent has.
#include <algorithm>
#include <cstring>
#include <exception>

#include "agent/config/json_parser.h"
#include "agent/config/schema.h"
#include "agent/config/toml_parser.h"
#include "levada/values.h"

struct levada_values {
  levada::agent::OptionValues read;
};

namespace levada::agent {
namespace {

void copy(const std::string& from, char* to, size_t room) {
  const size_t length = std::min(from.size(), room - 1);
  std::memcpy(to, from.data(), length);
  to[length] = '\0';
}

using Parse = std::optional<Node> (*)(std::string_view, const std::string&, Diagnostics&);

// A line for each finding, with its place and without a file.
std::string lines_of(const Diagnostics& diagnostics) {
  std::string lines;
  for (const auto& each : diagnostics.sorted())
    lines += (lines.empty() ? "" : "\n") + std::to_string(each.location.line) + ":" +
             std::to_string(each.location.column) + ": " + each.message;
  return lines;
}

levada_code read(Parse parse, const levada_component* component, std::string_view text, levada_values** to,
                 levada_error* error) noexcept {
  *to = nullptr;
  *error->option = '\0';
  try {
    Diagnostics diagnostics;
    const auto table = parse(text, "", diagnostics);
    if (table) {
      const Options options(component->options, component->option_count);
      auto read = read_options(*table, component->name, {&options, 1}, UnknownKeys::refuse, diagnostics);
      if (diagnostics.empty()) {
        *to = new levada_values{std::move(read[0])};
        return LEVADA_OK;
      }
    }
    copy(lines_of(diagnostics), error->message, sizeof error->message);
  } catch (const std::exception& exception) {
    copy(exception.what(), error->message, sizeof error->message);
  }
  return LEVADA_FATAL;
}

}  // namespace
}  // namespace levada::agent

extern "C" {

levada_code levada_values_from_toml(const levada_component* component, const char* text, size_t size,
                                    levada_values** values, levada_error* error) {
  return levada::agent::read(levada::agent::parse_toml, component, {text, size}, values, error);
}

levada_code levada_values_from_json(const levada_component* component, const char* text, size_t size,
                                    levada_values** values, levada_error* error) {
  return levada::agent::read(levada::agent::parse_json, component, {text, size}, values, error);
}

const levada_value* levada_values_data(const levada_values* values) { return values->read.data(); }

void levada_values_free(levada_values* values) { delete values; }

}  // extern "C"
