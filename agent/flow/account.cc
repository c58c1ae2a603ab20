// As text: the stream's end (with a "!" for a jump, a "=" where it restates), rows read, stream and
// file, then outcome, rows, component and reason of each count; tabs between.
#include "agent/flow/account.h"

#include <algorithm>

#include "agent/base/numbers.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr size_t kKinds = 1000;  // Reasons of a component that are told apart.
constexpr std::string_view kOtherReasons = "other reasons";
constexpr std::string_view kOutcomes[] = {"filtered", "elsewhere", "dead letters", "dropped", "aggregated"};

}  // namespace

std::string_view name_of(Outcome outcome) { return kOutcomes[static_cast<size_t>(outcome)]; }

void add_to_counts(std::vector<AuditCount>& counts, Outcome outcome, std::string_view component,
                   std::string_view reason, int64_t rows) {
  const auto find = [&](std::string_view wanted) {
    return std::find_if(counts.begin(), counts.end(), [&](const AuditCount& count) {
      return count.outcome == outcome && count.reason == wanted && count.component == component;
    });
  };
  auto at = find(reason);
  if (at == counts.end() && counts.size() >= kKinds) at = find(reason = kOtherReasons);
  if (at == counts.end()) counts.push_back({outcome, std::string(component), std::string(reason), rows});
  else at->rows += rows;
}

void append_counts(std::string& to, const std::vector<AuditCount>& counts) {
  for (const auto& count : counts) {
    to += '\t' + std::to_string(static_cast<int>(count.outcome)) + '\t' + std::to_string(count.rows) + '\t';
    append_escaped(to, count.component);
    to += '\t';
    append_escaped(to, count.reason);
  }
}

std::optional<std::vector<AuditCount>> read_counts(std::span<const std::string_view> parts) {
  if (parts.size() % 4 != 0) return std::nullopt;
  std::vector<AuditCount> counts;
  for (; !parts.empty(); parts = parts.subspan(4)) {
    unsigned outcome = 0;
    int64_t rows = 0;
    if (!read_number(parts[0], outcome) || outcome >= std::size(kOutcomes) || !read_number(parts[1], rows))
      return std::nullopt;
    counts.push_back({static_cast<Outcome>(outcome), unescaped(parts[2]), unescaped(parts[3]), rows});
  }
  return counts;
}

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

std::string Account::encoded() const {
  std::string text = std::to_string(end) + (jump ? "!\t" : restates ? "=\t" : "\t") + std::to_string(read) + '\t';
  append_escaped(text, stream);
  text += '\t';
  append_escaped(text, file);
  append_counts(text, counts);
  return text;
}

std::optional<Account> Account::decode(std::string_view text) {
  auto parts = tab_separated(text);
  Account account;
  account.jump = parts[0].ends_with('!');
  account.restates = parts[0].ends_with('=');
  parts[0].remove_suffix(account.jump || account.restates);
  if (parts.size() < 4 || !read_number(parts[0], account.end) || !read_number(parts[1], account.read))
    return std::nullopt;
  account.stream = unescaped(parts[2]);
  account.file = unescaped(parts[3]);
  auto counts = read_counts(std::span(parts).subspan(4));
  if (!counts) return std::nullopt;
  account.counts = *std::move(counts);
  return account;
}

}  // namespace levada::agent
