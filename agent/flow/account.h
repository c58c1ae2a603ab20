// What became of the rows of a batch on their way: travels with the batch, so that a
// sink's commit can sum it up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace levada::agent {

// What becomes of rows that do not go on as they came.
enum class Outcome : uint8_t {
  filtered,      // An interceptor left them out (or, with a number below 0, made more of them).
  elsewhere,     // The selector sent them to other channels only.
  dead_letters,  // Rejected, and kept.
  dropped,       // Rejected, with on_reject = "drop".
  aggregated,    // An interceptor with a state took them, and gave fewer for them, or (below 0) more.
};
std::string_view name_of(Outcome outcome);

struct AuditCount {
  Outcome outcome;
  std::string component, reason;  // The reason of rows that were rejected; see kind_of.
  int64_t rows;
};

// Adds rows to the count of that outcome, component and reason; rows of many
// reasons end as "other reasons".
void add_to_counts(std::vector<AuditCount>& counts, Outcome outcome, std::string_view component,
                   std::string_view reason, int64_t rows);

// Counts as text: outcome, rows, component and reason of each, a tab before each of them; and read
// from the parts between the tabs. Nothing where they are damaged.
void append_counts(std::string& to, const std::vector<AuditCount>& counts);
std::optional<std::vector<AuditCount>> read_counts(std::span<const std::string_view> parts);

// "expected ',' at byte 57" and "... at byte 58" are of one kind, "expected ',' at
// byte #". Written into `kind`.
void write_kind(std::string_view reason, std::string& kind);

struct Account {
  std::string stream;     // Of the source, by its full name: "clicks/bot-logs/3".
  uint64_t end = 0;       // Rows of the stream before the end of the batch,
  int64_t read = 0;       // and how many of them the batch began with.
  bool jump = false;      // Rows before them were never this agent's, see LEVADA_JUMP.
  bool restates = false;  // It has no rows: a channel that has lost some says how far the stream had got in it.
  std::string file;       // That all of them come from, where the source says so.
  std::vector<AuditCount> counts;

  std::string encoded() const;
  static std::optional<Account> decode(std::string_view text);
};

}  // namespace levada::agent
