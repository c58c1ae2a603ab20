#include "http_server/body_rows.h"

#include <algorithm>
#include <cstring>

#include "json/json_scanner.h"
#include "rows/json_rows.h"

namespace levada::http_server {
namespace {

// So many bytes behind a document may be read, for the parser not to copy it.
constexpr size_t kTail = 64;

// "line 3, column 17: a value expected". The text may be a part of the body that begins with
// `first_line`.
std::string reason_of(std::string_view text, size_t first_line) {
  JsonScanner scanner(text);
  const auto begin = scanner.skip_space(0);
  const auto end = scanner.scan(begin);
  size_t at = text.size();
  std::string reason = "one JSON document expected";
  if (!end) {
    at = std::min(scanner.fault().offset, text.size());
    reason = scanner.fault().reason;
  } else if (const auto behind = scanner.skip_space(*end); behind < text.size()) {
    at = behind;
    reason = "something follows the JSON document";
  }
  const auto before = text.substr(0, at);
  const auto line_begin = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return "line " + std::to_string(first_line + static_cast<size_t>(std::ranges::count(before, '\n'))) + ", column " +
         std::to_string(at - line_begin + 1) + ": " + reason;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

}  // namespace

BodyFault BodyReader::read(Format format, std::span<const std::string> flume_headers, std::string body,
                           BodyRows& rows) {
  rows.text = std::move(body);
  if (rows.text.capacity() < rows.text.size() + kTail) rows.text.reserve(rows.text.size() + kTail);
  BodyFault fault;
  switch (format) {
    case Format::by_type:
    case Format::whole: fault = read_whole(rows); break;
    case Format::lines: fault = read_lines(false, rows); break;
    case Format::ndjson: fault = read_lines(true, rows); break;
    case Format::json: fault = read_json(rows); break;
    case Format::flume: fault = read_flume(flume_headers, rows); break;
  }
  parser_.shrink();
  return fault ? fault : check_sizes(rows);
}

BodyFault BodyReader::read_whole(BodyRows& rows) const {
  if (!rows.text.empty()) rows.rows.push_back({0, static_cast<uint32_t>(rows.text.size())});
  return {};
}

BodyFault BodyReader::read_lines(bool is_json, BodyRows& rows) {
  const std::string_view text = rows.text;
  const char* const readable_end = text.data() + rows.text.capacity();
  size_t line = 1;
  for (size_t begin = 0; begin < text.size(); ++line) {
    const void* found = std::memchr(text.data() + begin, '\n', text.size() - begin);
    const size_t end = found ? static_cast<size_t>(static_cast<const char*>(found) - text.data()) : text.size();
    size_t size = end - begin;
    if (size > 0 && text[end - 1] == '\r') --size;
    const auto row = text.substr(begin, size);
    // An empty line is no document, and no row.
    if (!is_json || !is_blank(row)) {
      if (is_json && !parser_.parse(row, readable_end)) return {400, reason_of(row, line)};
      rows.rows.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(size)});
    }
    begin = end + 1;
  }
  return {};
}

BodyFault BodyReader::read_json(BodyRows& rows) {
  const std::string_view text = rows.text;
  if (is_blank(text)) return {};
  if (!parser_.parse(text, text.data() + rows.text.capacity())) return {400, reason_of(text, 1)};
  rows::JsonRows documents;
  bool in_array = false;
  for (size_t begin = 0;;) {
    const size_t end = documents.next(text.data(), begin, text.size(), true, in_array);
    if (end == 0) return {};
    rows.rows.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)});
    begin = end;
  }
}

BodyFault BodyReader::read_flume(std::span<const std::string> headers, BodyRows& rows) {
  using namespace simdjson;
  if (is_blank(rows.text)) return {};
  constexpr const char* kForm = "must be [{\"headers\": {...}, \"body\": \"...\"}, ...]";
  dom::array events;
  if (flume_parser_.parse(rows.text).get(events) != SUCCESS) {
    if (parser_.parse(rows.text, rows.text.data() + rows.text.capacity())) return {400, kForm};
    return {400, reason_of(rows.text, 1)};
  }
  std::string text;
  text.reserve(rows.text.size());
  const auto add = [&](std::string_view value) {
    const Part part{static_cast<uint32_t>(text.size()), static_cast<uint32_t>(value.size())};
    text += value;
    return part;
  };
  rows.more.resize(headers.empty() ? 1 : headers.size());
  for (const dom::element event : events) {
    const auto wrong = [&] { return BodyFault{400, "event " + std::to_string(rows.rows.size()) + " " + kForm}; };
    dom::object members, given;
    std::string_view body;
    if (event.get(members) != SUCCESS || members["body"].get(body) != SUCCESS) return wrong();
    const auto has_headers = members["headers"].get(given);
    if (has_headers != SUCCESS && has_headers != NO_SUCH_FIELD) return wrong();
    rows.rows.push_back(add(body));
    if (headers.empty()) rows.more[0].push_back(has_headers == SUCCESS ? add(minify(given)) : Part{});
    for (size_t at = 0; at < headers.size(); ++at) {
      dom::element value;
      std::string_view plain;
      if (has_headers != SUCCESS || given[headers[at]].get(value) != SUCCESS || value.is_null())
        rows.more[at].emplace_back();
      else rows.more[at].push_back(value.get(plain) == SUCCESS ? add(plain) : add(minify(value)));
    }
  }
  rows.text = std::move(text);
  return {};
}

BodyFault BodyReader::check_sizes(const BodyRows& rows) const {
  for (size_t row = 0; row < rows.rows.size(); ++row)
    if (rows.rows[row].size > row_bytes_)
      return {413, "row " + std::to_string(row) + " is longer than " + std::to_string(row_bytes_) + " bytes"};
  return {};
}

}  // namespace levada::http_server
