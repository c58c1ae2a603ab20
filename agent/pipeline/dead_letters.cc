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
  kind.resize(std::min<size_t>(reason.size(), 200));
  char* out = kind.data();
  for (size_t at = 0; at < kind.size(); ++at) {
    const bool digit = reason[at] >= '0' && reason[at] <= '9';
    if (digit && out > kind.data() && out[-1] == '#') continue;
    *out++ = digit ? '#' : reason[at];
  }
  kind.resize(static_cast<size_t>(out - kind.data()));
}

// Room for any value that is no text.
constexpr size_t kScalarBound = 40;

char* copy(std::string_view text, char* to) { return std::copy(text.begin(), text.end(), to); }

char* write_scalar(const Column& column, int64_t row, char* to) {
  switch (column.type()) {
    case Type::boolean: return copy(column.boolean(row) ? "true" : "false", to);
    case Type::float64: {
      const double value = column.values<double>()[row];
      if (!std::isfinite(value)) return write_json_text(value > 0 ? "Infinity" : value < 0 ? "-Infinity" : "NaN", to);
      return std::to_chars(to, to + kScalarBound, value).ptr;
    }
    default: return std::to_chars(to, to + kScalarBound, column.values<int64_t>()[row]).ptr;
  }
}

// A column of the batch, and what its value stands behind.
struct Field {
  const Column* column;
  std::string prefix, base64_prefix;  // ,"body": and ,"body_base64":
};

std::vector<Field> fields_of(const Batch& batch, const Column* reasons) {
  std::vector<Field> fields;
  for (const auto& column : batch.columns()) {
    if (&column == reasons) continue;
    Field& field = fields.emplace_back(Field{&column, ",", ","});
    append_json_text(field.prefix, column.name());
    append_json_text(field.base64_prefix, column.name() + "_base64");
    field.prefix += ':';
    field.base64_prefix += ':';
  }
  return fields;
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
  const auto fields = fields_of(rejected, reasons);
  for (int64_t row = 0; row < rejected.rows(); ++row) {
    const std::string_view reason = reasons ? reasons->text(row) : "no reason was given";
    size_t bound = head.size() + json_text_bound(reason.size()) + 2;
    for (const auto& field : fields)
      bound += field.base64_prefix.size() + kScalarBound +
               (field.column->is_textual() ? json_text_bound(field.column->text(row).size()) : 0);
    char* const begin = room(bound);
    char* to = write_json_text(reason, copy(head, begin));
    for (const auto& field : fields) {
      if (field.column->null(row)) continue;
      if (!field.column->is_textual()) {
        to = write_scalar(*field.column, row, copy(field.prefix, to));
        continue;
      }
      const auto text = field.column->text(row);
      to = is_utf8(text) ? write_json_text(text, copy(field.prefix, to))
                         : write_base64(text, copy(field.base64_prefix, to));
    }
    to = copy("}\n", to);
    used_ += static_cast<size_t>(to - begin);
    write_kind(reason, kind);
    auto known = counts.find(kind);
    if (known == counts.end()) known = counts.try_emplace(counts.size() < kKinds ? kind : "other reasons").first;
    ++known->second;
  }
}

char* DeadLetters::room(size_t bytes) {
  if (used_ + bytes > waiting_.size()) waiting_.resize(std::max(2 * waiting_.size(), used_ + bytes));
  return waiting_.data() + used_;
}

Done DeadLetters::sync() {
  const std::lock_guard lock(mutex_);
  if (used_ == 0) return {};
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
  LEVADA_TRY(file_.write(std::string_view(waiting_).substr(0, used_)));
  LEVADA_TRY(file_.sync());
  file_bytes_ += used_;
  used_ = 0;
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
