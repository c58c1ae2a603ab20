#include "agent/pipeline/dead_letters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

#include "agent/base/json_text.h"

namespace levada::agent {
namespace {

constexpr size_t kKinds = 1000;  // Of a component's reasons that are counted apart.

// "expected ',' at byte 57" and "... at byte 58" are one kind.
void write_kind(std::string_view reason, std::string& kind) {
  kind.clear();
  for (const char c : reason.substr(0, 200)) {
    if (c < '0' || c > '9') kind += c;
    else if (kind.empty() || kind.back() != '#') kind += '#';
  }
}

void append_value(std::string& to, const Column& column, int64_t row) {
  char digits[32];
  switch (column.type()) {
    case Type::boolean: to += column.boolean(row) ? "true" : "false"; return;
    case Type::int64:
    case Type::timestamp: {
      const auto end = std::to_chars(digits, std::end(digits), column.values<int64_t>()[row]);
      to.append(digits, end.ptr);
      return;
    }
    case Type::float64: {
      const double value = column.values<double>()[row];
      if (!std::isfinite(value)) return append_json_text(to, value > 0 ? "Infinity" : value < 0 ? "-Infinity" : "NaN");
      const auto end = std::to_chars(digits, std::end(digits), value);
      to.append(digits, end.ptr);
      return;
    }
    case Type::text:
    case Type::bytes:
    case Type::dictionary: append_json_text(to, column.text(row)); return;
  }
}

}  // namespace

void DeadLetters::add(const std::string& component, const Batch& rejected) {
  const Column* reasons = rejected.text("reason");
  std::string head = "{\"time\":\"";
  append_time(head, clock_.now(nullptr));
  head += "\",\"component\":";
  append_json_text(head, component);
  head += ",\"stream\":";
  append_json_text(head, rejected.stream);
  head += ",\"reason\":";

  std::string kind;
  const std::lock_guard lock(mutex_);
  auto& counts = counts_[component];
  rows_ += rejected.rows();
  for (int64_t row = 0; row < rejected.rows(); ++row) {
    const std::string_view reason = reasons ? reasons->text(row) : "no reason was given";
    waiting_ += head;
    append_json_text(waiting_, reason);
    for (const auto& column : rejected.columns()) {
      if (&column == reasons || column.null(row)) continue;
      waiting_ += ',';
      const bool binary = column.is_textual() && !is_utf8(column.text(row));
      append_json_text(waiting_, binary ? column.name() + "_base64" : column.name());
      waiting_ += ':';
      if (binary) append_base64(waiting_, column.text(row));
      else append_value(waiting_, column, row);
    }
    waiting_ += "}\n";
    write_kind(reason, kind);
    auto known = counts.find(kind);
    if (known == counts.end()) known = counts.try_emplace(counts.size() < kKinds ? kind : "other reasons").first;
    ++known->second;
  }
}

Done DeadLetters::sync() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return {};
  if (!file_) {
    LEVADA_TRY(files_.make_folder(folder_));
    auto opened = files_.open(path(), LEVADA_APPEND);
    if (!opened) return std::move(opened).error();
    auto info = opened->info();
    if (!info) return std::move(info).error();
    LEVADA_TRY(files_.sync_folder(folder_));
    file_ = *std::move(opened);
    file_bytes_ = info->bytes;
  }
  auto done = write();
  if (done) return done;
  // A part of the lines may be in the file: the next attempt starts where they began.
  if (auto cut = file_.truncate(file_bytes_); !cut) file_ = File();
  return std::move(done).error().at("dead letters");
}

Done DeadLetters::write() {
  LEVADA_TRY(file_.write(waiting_));
  LEVADA_TRY(file_.sync());
  file_bytes_ += waiting_.size();
  waiting_.clear();
  return {};
}

std::vector<DeadLetters::Count> DeadLetters::counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<Count> all;
  for (const auto& [component, kinds] : counts_)
    for (const auto& [reason, rows] : kinds) all.push_back({component, reason, rows});
  std::sort(all.begin(), all.end(), [](const Count& a, const Count& b) {
    return std::tie(b.rows, a.component, a.reason) < std::tie(a.rows, b.component, b.reason);
  });
  return all;
}

int64_t DeadLetters::rows() const {
  const std::lock_guard lock(mutex_);
  return rows_;
}

}  // namespace levada::agent
