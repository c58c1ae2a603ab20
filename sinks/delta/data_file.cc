#include "data_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "json_object.h"
#include "levada/time.h"

namespace levada::delta {
namespace {

using lake::Bound;
using lake::ColumnStatistics;
using lake::Kind;

// Of the name of a folder; file systems take 255.
constexpr size_t kFolderBytes = 240;

// What no program writes as %XX into a URI.
bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("-._/=").find(c) != std::string_view::npos;
}

void append_code(std::string& to, char byte) {
  char code[4];
  std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  to += code;
}

// The greatest character that is none of a pair of UTF-16: what a cut text is completed with, so
// that it is no less than the whole.
constexpr std::string_view kGreatest = "\xf4\x8f\xbf\xbf";

// "2026-01-31T23:59:59.123Z" or, of a wall clock, without the Z. What is cut off makes the upper
// bound the next millisecond.
std::string time_text(int64_t microseconds, bool utc, bool is_max) {
  if (is_max && microseconds <= std::numeric_limits<int64_t>::max() - 999) microseconds += 999;
  Rfc3339Writer writer;
  char text[Rfc3339Writer::kSize];
  if (!writer.write(microseconds, text)) return {};
  std::string said(text, Rfc3339Writer::kSecondsSize + 4);
  return utc ? said + "Z" : said;
}

std::string date_text(int64_t days) {
  Rfc3339Writer writer;
  char text[Rfc3339Writer::kSize];
  constexpr int64_t kDay = int64_t{86'400} * 1'000'000;
  if (days < -800'000 || days > 3'000'000 || !writer.write(days * kDay, text)) return {};
  return std::string(text, 10);
}

void write_bound(JsonObject& to, const ColumnStatistics& column, const Bound& bound, bool is_max) {
  const auto& name = column.column;
  switch (column.type.kind) {
    case Kind::int8:
    case Kind::int16:
    case Kind::int32:
    case Kind::int64: to.integer(name, std::get<int64_t>(bound)); break;
    case Kind::float32:
    case Kind::float64:
      if (const double value = std::get<double>(bound); std::isfinite(value)) to.number(name, value);
      break;
    case Kind::decimal: to.raw(name, std::get<std::string>(bound)); break;
    case Kind::date:
      if (const auto text = date_text(std::get<int64_t>(bound)); !text.empty()) to.text(name, text);
      break;
    case Kind::timestamp:
      if (const auto text = time_text(std::get<int64_t>(bound), column.type.utc, is_max); !text.empty())
        to.text(name, text);
      break;
    case Kind::text: {
      auto text = std::get<std::string>(bound);
      if (is_max && column.max_truncated) text += kGreatest;
      to.text(name, text);
      break;
    }
    default: break;  // No reader uses bounds of the others.
  }
}

}  // namespace

std::string encode_path(std::string_view path) {
  std::string encoded;
  for (const char each : path) {
    if (is_plain(each)) encoded += each;
    else append_code(encoded, each);
  }
  return encoded;
}

std::string plain_folder(std::string_view folder) {
  std::string plain;
  while (!folder.empty()) {
    const auto end = std::min(folder.find('/'), folder.size());
    std::string part;
    for (const char each : folder.substr(0, end)) {
      if (is_plain(each) || each == '%') part += each;
      else append_code(part, each);
    }
    plain += part.substr(0, kFolderBytes);
    if (end < folder.size()) plain += '/';
    folder.remove_prefix(std::min(end + 1, folder.size()));
  }
  return plain;
}

std::string decode_path(std::string_view encoded) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string path;
  for (size_t at = 0; at < encoded.size(); ++at) {
    const int high = encoded[at] == '%' && at + 2 < encoded.size() ? digit(encoded[at + 1]) : -1;
    const int low = high >= 0 ? digit(encoded[at + 2]) : -1;
    if (low < 0) {
      path += encoded[at];
      continue;
    }
    path += static_cast<char>(16 * high + low);
    at += 2;
  }
  return path;
}

bool lies_elsewhere(std::string_view encoded) {
  const auto colon = encoded.find(':');
  return encoded.starts_with('/') || (colon != encoded.npos && colon < encoded.find('/'));
}

std::string stats_of(const lake::WrittenFile& file) {
  std::string minimums, maximums, nulls, stats;
  JsonObject low(minimums), high(maximums), counts(nulls);
  for (const auto& column : file.columns) {
    // Of nested columns readers want the counts of their leaves.
    if (column.type.is_nested()) continue;
    counts.integer(column.column, column.nulls);
    if (column.min) write_bound(low, column, *column.min, false);
    if (column.max) write_bound(high, column, *column.max, true);
  }
  low.end();
  high.end();
  counts.end();
  JsonObject(stats)
      .integer("numRecords", file.rows)
      .raw("minValues", minimums)
      .raw("maxValues", maximums)
      .raw("nullCount", nulls)
      .end();
  return stats;
}

AddFile add_of(const lake::WrittenFile& file, const std::vector<std::string>& partition_columns, int64_t now_ms) {
  AddFile add{.path = encode_path(file.path), .bytes = file.bytes, .modified_ms = now_ms};
  for (size_t at = 0; at < partition_columns.size(); ++at) {
    const auto& value = file.partition_values[at];
    // The protocol reads an empty text as null; so it is written as what it will be.
    add.partition_values.emplace_back(partition_columns[at], value && value->empty() ? std::nullopt : value);
  }
  add.stats = stats_of(file);
  return add;
}

}  // namespace levada::delta
