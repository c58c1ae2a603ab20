// Records to text and back.
#include "record.h"

#include <simdjson.h>

#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "rows/file_name.h"

namespace levada::spool {

using rows::from_text;
using rows::to_text;

namespace {

void add(std::string& to, std::string_view key, std::string_view value) {
  to.append(to.empty() ? "{\"" : ",\"").append(key).append("\":").append(value);
}
void add_text(std::string& to, std::string_view key, std::string_view value) {
  add(to, key, '"' + to_text(value) + '"');
}
void add_number(std::string& to, std::string_view key, uint64_t value) { add(to, key, std::to_string(value)); }

void add_hash(std::string& to, std::string_view key, uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, hash);
  add_text(to, key, text);
}

void add_file(std::string& to, const std::string& file, const Identity& identity) {
  add_text(to, "file", file);
  add_number(to, "device", identity.device);
  add_number(to, "inode", identity.inode);
  add_hash(to, "head", identity.head);
  add_number(to, "head_bytes", identity.head_bytes);
  if (identity.born_ns != 0) add(to, "born", std::to_string(identity.born_ns));
  if (identity.link != 0) add_number(to, "link", identity.link);
  if (identity.end == 0) return;
  add_number(to, "end", identity.end);
  add_hash(to, "tail", identity.tail);
}

void add_place(std::string& to, const std::string& key, const Place& place) {
  add_number(to, key, place.offset);
  if (place.in_array) add(to, key + "_in_array", "true");
  if (place.in_long_row) add(to, key + "_in_long_row", "true");
}

using simdjson::dom::object;

std::optional<uint64_t> number(object from, std::string_view key) {
  uint64_t value = 0;
  if (from[key].get_uint64().get(value)) return std::nullopt;
  return value;
}
int64_t time(object from, std::string_view key) {
  int64_t value = 0;
  return from[key].get_int64().get(value) ? 0 : value;
}
std::optional<std::string> text(object from, std::string_view key) {
  std::string_view value;
  if (from[key].get_string().get(value)) return std::nullopt;
  return from_text(value);
}
uint64_t hash(object from, std::string_view key) {
  const auto digits = text(from, key).value_or("");
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}
bool flag(object from, std::string_view key) {
  bool value = false;
  return !from[key].get_bool().get(value) && value;
}
std::optional<Place> place(object from, const std::string& key) {
  const auto offset = number(from, key);
  if (!offset) return std::nullopt;
  return Place{*offset, flag(from, key + "_in_array"), flag(from, key + "_in_long_row")};
}

Pass pass_of(object from, uint64_t pass_number) {
  Pass pass;
  pass.number = pass_number;
  pass.file = text(from, "file").value_or("");
  pass.identity.device = number(from, "device").value_or(0);
  pass.identity.inode = number(from, "inode").value_or(0);
  pass.identity.head = hash(from, "head");
  pass.identity.head_bytes = static_cast<uint32_t>(number(from, "head_bytes").value_or(0));
  pass.identity.born_ns = time(from, "born");
  pass.identity.link = number(from, "link").value_or(0);
  pass.identity.end = number(from, "end").value_or(0);
  pass.identity.tail = hash(from, "tail");
  pass.from = place(from, "offset").value_or(Place{});
  pass.to = place(from, "to");
  pass.bytes = number(from, "bytes").value_or(0);
  pass.modified_ns = time(from, "modified");
  pass.finished = flag(from, "finished");
  pass.damaged = flag(from, "damaged");
  pass.set_aside = flag(from, "set_aside");
  return pass;
}

}  // namespace

std::string text_of(const SpoolPosition& position) {
  std::string to;
  add_number(to, "pass", position.pass);
  if (position.file) {
    add_file(to, *position.file, position.identity);
    add_place(to, "offset", position.place);
  }
  return to + '}';
}

std::string text_of(const Pass& pass) {
  std::string to;
  add_number(to, "pass", pass.number);
  add_file(to, pass.file, pass.identity);
  add_place(to, "offset", pass.from);
  if (pass.to) {
    add_place(to, "to", *pass.to);
    add_number(to, "bytes", pass.bytes);
    add(to, "modified", std::to_string(pass.modified_ns));
    if (pass.finished) add(to, "finished", "true");
    if (pass.damaged) add(to, "damaged", "true");
    if (pass.set_aside) add(to, "set_aside", "true");
  }
  return to + '}';
}

std::string text_of(std::string_view key, std::string_view name, const FileId& id) {
  std::string to;
  add_text(to, key, name);
  add_number(to, "device", id.device);
  add_number(to, "inode", id.inode);
  if (id.link != 0) add_number(to, "link", id.link);
  return to + '}';
}

struct RecordParser::Parser {
  simdjson::dom::parser json;
};

RecordParser::RecordParser() : parser_(std::make_unique<Parser>()) {}
RecordParser::~RecordParser() = default;

std::optional<Record> RecordParser::parse(std::string_view line) {
  object from;
  if (parser_->json.parse(line.data(), line.size()).get_object().get(from)) return std::nullopt;
  Record record;
  if (const auto pass_number = number(from, "pass")) record.pass = pass_of(from, *pass_number);
  record.acknowledged = number(from, "acknowledged");
  record.completed = text(from, "completed");
  record.folder = text(from, "folder");
  record.id = {number(from, "device").value_or(0), number(from, "inode").value_or(0), number(from, "link").value_or(0)};
  const bool known = record.pass || record.acknowledged || record.completed || record.folder;
  return known ? std::optional(std::move(record)) : std::nullopt;
}

}  // namespace levada::spool
