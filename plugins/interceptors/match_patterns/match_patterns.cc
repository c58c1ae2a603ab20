// The interceptor match_patterns.
#include "match_patterns.h"

#include <algorithm>
#include <utility>

#include "declarations.h"
#include "default_patterns.h"
#include "json/json_parser.h"
#include "match_rows.h"
#include "node.h"
#include "pattern_file.h"

namespace levada::match_patterns {
namespace {

// Sets that come and go make no more counters than that.
constexpr size_t kCountersMax = 2 * kPatternsMax;

// The set of `[patterns]` and `[first]`, or what is wrong.
std::unique_ptr<PatternSet> set_of(const Node& patterns, const Node& first, const MatchPatterns::Settings& settings,
                                   Fault& fault) {
  Declarations declarations;
  if (auto wrong = read_declarations(patterns, first, settings.as, settings.prefix, settings.names, declarations)) {
    fault = *std::move(wrong);
    return nullptr;
  }
  return PatternSet::compile(std::move(declarations), settings.encoding, settings.memory_bytes.bytes, fault);
}

Result<std::unique_ptr<PatternSet>> set_of_file(const std::string& path, std::string_view text,
                                                const MatchPatterns::Settings& settings) {
  auto root = read_pattern_file(path, text);
  if (!root) return std::move(root).error();
  Node patterns, first;
  for (auto& item : root->items) {
    if (item.key == "patterns") patterns = std::move(item);
    else if (item.key == "first") first = std::move(item);
    else return error_in_file(path, text, fault_at(item, "only [patterns] and [first] are known here"));
  }
  Fault fault;
  auto set = set_of(patterns, first, settings, fault);
  if (!set) return error_in_file(path, text, fault);
  return set;
}

int64_t nulls_of(const Column& column) {
  int64_t nulls = 0;
  if (column.has_nulls())
    for (int64_t row = 0; row < column.rows(); ++row) nulls += column.null(row) ? 1 : 0;
  return nulls;
}

}  // namespace

Result<std::unique_ptr<MatchPatterns>> MatchPatterns::create(Settings settings, Host host) {
  if (settings.column.empty()) return wrong("column", "a column needs a name");
  if (settings.names == "body") return wrong("names", "\"body\" is the row itself: give the column another name");
  if (settings.matches_max < 1) return wrong("matches_max", "must be 1 or more");
  if (settings.memory_bytes.bytes < 1) return wrong("memory_bytes", "must be 1 or more");
  if (settings.reload_interval < std::chrono::nanoseconds(0)) return wrong("reload_interval", "must not be negative");
  if (settings.emit == Emit::columns && !settings.keep.empty())
    return wrong("keep", "goes with emit = \"rows\"; beside columns all others stay");
  if (!settings.file.empty() && settings.patterns)
    return wrong("patterns", "stand in the file; leave out one of `file` and `patterns`");
  if (settings.first && !settings.patterns) return wrong("first", "goes with `patterns`");
  std::unique_ptr<PatternSet> set;
  if (settings.patterns) {
    Fault fault;
    set = set_of(node_of(settings.patterns, "patterns"), node_of(settings.first, "first"), settings, fault);
    if (!set)
      return wrong(fault.path, (fault.byte ? "column " + std::to_string(*fault.byte + 1) + ": " : "") + fault.why);
  } else if (settings.file.empty()) {
    auto made = set_of_file("(built in)", kDefaultPatterns, settings);
    if (!made) return wrong("names", made.error().message);
    set = *std::move(made);
  }
  settings.patterns = settings.first = Tree();  // They live no longer than this call.
  std::unique_ptr<MatchPatterns> made(new MatchPatterns(std::move(settings), host));
  if (set) made->use(std::move(set));
  return made;
}

MatchPatterns::MatchPatterns(Settings settings, Host host)
    : settings_(std::move(settings)),
      host_(host),
      rows_matched_(host.counter("rows_matched")),
      mismatched_(host.counter("values_mismatched")),
      without_text_(host.counter("rows_without_text")) {
  if (!settings_.file.empty()) file_.emplace(settings_.file, settings_.reload_interval, "the set of patterns", host);
}

void MatchPatterns::use(std::unique_ptr<PatternSet> set) {
  columns_.reset();
  set_ = std::move(set);
  columns_.emplace(*set_, settings_.names, settings_.matches_max);
  rows_.assign(set_->patterns().size() + 1, 0);
  counter_of_.clear();
  for (const auto& pattern : set_->patterns()) {
    auto at = counters_.find(pattern.name);
    if (at == counters_.end() && counters_.size() < kCountersMax)
      at = counters_.emplace(pattern.name, host_.counter(("pattern_rows:" + pattern.name).c_str())).first;
    counter_of_.push_back(at == counters_.end() ? Counter() : at->second);
  }
}

Done MatchPatterns::take(std::string_view text) {
  auto set = set_of_file(settings_.file, text, settings_);
  if (!set) return std::move(set).error();
  use(*std::move(set));
  return {};
}

Done MatchPatterns::open() {
  if (!file_) return {};
  return file_->open([this](std::string_view text) { return take(text); });
}

void MatchPatterns::count() {
  for (size_t at = 0; at < counter_of_.size(); ++at)
    if (rows_[at] > 0) counter_of_[at].add(rows_[at]);
  rows_matched_.add(rows_.back());
}

Column MatchPatterns::texts_of(const Batch& batch) const {
  if (const Column* const found = batch.text(settings_.column)) return resolved(*found);
  TextBuilder nulls(batch.rows());
  for (int64_t row = 0; row < batch.rows(); ++row) nulls.append_null();
  return std::move(nulls).finish(settings_.column, Type::text);
}

Done MatchPatterns::intercept(Batch& batch) {
  if (file_ && file_->look([this](std::string_view text) { return take(text); }))
    host_.info("read " + settings_.file + " anew: " + std::to_string(set_->patterns().size()) + " patterns");
  const Column texts = texts_of(batch);
  without_text_.add(nulls_of(texts));
  std::fill(rows_.begin(), rows_.end(), 0);
  if (settings_.emit == Emit::rows) {
    mismatched_.add(make_match_rows(*set_, batch, texts, settings_.keep, settings_.matches_max, rows_));
  } else {
    columns_->add(batch, texts, rows_);
    mismatched_.add(columns_->mismatches());
  }
  count();
  return {};
}

}  // namespace levada::match_patterns

LEVADA_PLUGIN("match_patterns", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::match_patterns::MatchPatterns>(
                  "match_patterns", "Finds which patterns of a set occur in each row, and what they match."))
