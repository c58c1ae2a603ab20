#include "bodies.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "json/json_scanner.h"
#include "levada/http_rules.h"

namespace levada::log_api {
namespace {

using http_server::BodyFault;
using http_server::BodyRows;
using http_server::Part;
using namespace simdjson;

constexpr size_t kIdCharacters = 200, kNameCharacters = 250;
constexpr double kMostNumber = 9007199254740991;  // Up to it each program reads the same integer.

bool is_type(std::string_view content_type, std::string_view expected) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return detail::equal_ignoring_case(type, expected);
}

// PostgreSQL has no texts with a zero byte.
bool is_text(std::string_view text) { return text.find('\0') == text.npos; }

size_t characters_of(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char each) { return (each & 0xc0) != 0x80; }));
}

Part add(std::string_view text, BodyRows& rows) {
  const Part part{static_cast<uint32_t>(rows.text.size()), static_cast<uint32_t>(text.size())};
  rows.text += text;
  return part;
}

// The members of an object; a fault where it is none, or has others than these.
BodyFault read_object(dom::parser& parser, const std::string& body, std::initializer_list<std::string_view> known,
                      dom::object& members) {
  dom::element document;
  if (parser.parse(body).get(document) != SUCCESS) {
    JsonScanner scanner(body);
    const bool is_value = scanner.scan(scanner.skip_space(0)).has_value();
    return {400, is_value ? "the body is no single JSON document"
                          : "byte " + std::to_string(scanner.fault().offset) + ": " + scanner.fault().reason};
  }
  if (document.get(members) != SUCCESS) return {400, "the body must be an object"};
  for (const auto& [name, value] : members)
    if (std::ranges::find(known, name) == known.end())
      return {400, "the body has a member \"" + std::string(name) + "\", which is unknown"};
  return {};
}

// What may be in a result: texts, numbers, booleans, nulls, and lists of these.
bool is_plain(const dom::element& value) {
  std::string_view text;
  if (value.get(text) == SUCCESS) return is_text(text);
  double number = 0;
  if (value.get(number) == SUCCESS) return std::abs(number) <= kMostNumber;
  return !value.is_object() && !value.is_array();
}

BodyFault check_result(const dom::object& result) {
  for (const auto& [name, value] : result) {
    dom::array items;
    bool good = is_text(name);
    if (value.get(items) == SUCCESS) {
      for (const auto item : items) good = good && is_plain(item);
    } else {
      good = good && is_plain(value);
    }
    if (!good)
      return {400, "result has texts without zero bytes, numbers up to 2^53 - 1, booleans, nulls, and lists of these"};
  }
  return {};
}

}  // namespace

BodyFault read_log(std::string_view content_type, std::string body, BodyRows& rows) {
  std::string_view content = body, name;
  bool has_name = false;
  dom::parser parser;
  if (is_type(content_type, "application/json")) {
    dom::object members;
    if (auto fault = read_object(parser, body, {"content", "name"}, members)) return fault;
    if (members["content"].get(content) != SUCCESS) return {400, "content is missing, or no text"};
    dom::element given;
    if (members["name"].get(given) == SUCCESS && !given.is_null()) {
      if (given.get(name) != SUCCESS) return {400, "name must be a text"};
      has_name = true;
    }
    if (characters_of(name) > kNameCharacters) return {400, "name is longer than 250 characters"};
  } else if (!is_type(content_type, "text/plain")) {
    return {415, "the Content-Type is neither application/json nor text/plain"};
  } else if (!validate_utf8(body)) {
    return {400, "the content is no UTF-8"};
  }
  if (content.empty()) return {400, "content is empty"};
  if (!is_text(content) || !is_text(name)) return {400, "content and name may not have zero bytes"};
  rows.text.reserve(content.size() + name.size() + 64);
  const auto part = add(content, rows);
  rows.rows = {part};
  rows.more = {{has_name ? add(name, rows) : Part{}}, {part}};
  return {};
}

BodyFault read_result(std::string_view content_type, std::string body, BodyRows& rows) {
  if (!is_type(content_type, "application/json")) return {415, "the Content-Type is not application/json"};
  dom::parser parser;
  dom::object members, result;
  if (auto fault = read_object(parser, body, {"log_id", "result"}, members)) return fault;
  std::string_view log;
  if (members["log_id"].get(log) != SUCCESS || log.empty() || characters_of(log) > kIdCharacters || !is_text(log))
    return {400, "log_id must be a text of 1 to 200 characters"};
  if (members["result"].get(result) != SUCCESS) return {400, "result must be an object"};
  if (auto fault = check_result(result)) return fault;
  const auto part = add(minify(result), rows);
  rows.rows = {part};
  rows.more = {{add(log, rows)}, {part}};
  return {};
}

}  // namespace levada::log_api
