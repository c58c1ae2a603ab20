#include "agent/pipeline/dead_letter_source.h"

#include <algorithm>
#include <map>

#include "agent/base/numbers.h"
#include "agent/pipeline/dead_letters.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr const char* kOwnColumns[] = {DeadLetters::kReason, DeadLetters::kComponent, DeadLetters::kOwner,
                                       DeadLetters::kStream, DeadLetters::kPosition,  DeadLetters::kTime};

bool is_own(std::string_view name) {
  return std::find(std::begin(kOwnColumns), std::end(kOwnColumns), name) != std::end(kOwnColumns);
}

std::string_view text_of(const Batch& batch, const char* column, int64_t row) {
  const Column* found = batch.text(column);
  return found ? found->text(row) : std::string_view();
}

// The rows as they were when they were turned down.
Batch without_dead_letter_columns(const Batch& letters) {
  Batch rows(letters.rows());
  const std::string_view prefix = DeadLetters::kRowPrefix;
  for (const auto& column : letters.columns()) {
    if (is_own(column.name())) continue;
    const bool renamed = column.name().starts_with(prefix) && is_own(column.name().substr(prefix.size()));
    rows.set(renamed ? column.renamed(column.name().substr(prefix.size())) : column);
  }
  return rows;
}

Result<RecoveredLog> look_at(const Files& files, const std::string& folder) {
  // Dead letters are not encrypted.
  return recover_log(files, folder, KeyRing(), Repair::nothing);
}

// That the filter lets through, and that were not given again before.
bool is_wanted(uint64_t letter, std::string_view component, std::string_view reason, const DeadLetterFilter& filter,
               const std::vector<DeadLetterFilter>& done) {
  const auto matches = [&](const DeadLetterFilter& each) { return each.matches(letter, component, reason); };
  return matches(filter) && std::none_of(done.begin(), done.end(), matches);
}

}  // namespace

bool DeadLetterFilter::matches(uint64_t letter, std::string_view from_component, std::string_view for_reason) const {
  return letter < upto && (component.empty() || component == from_component) &&
         (reason.empty() || for_reason.find(reason) != std::string_view::npos);
}

std::string DeadLetterFilter::text() const {
  std::string all = std::to_string(upto) + '\t';
  append_escaped(all, component);
  all += '\t';
  append_escaped(all, reason);
  return all;
}

std::optional<DeadLetterFilter> DeadLetterFilter::parse(std::string_view text) {
  const auto parts = tab_separated(text);
  DeadLetterFilter filter;
  if (parts.size() != 3 || !read_number(parts[0], filter.upto)) return std::nullopt;
  filter.component = unescaped(parts[1]);
  filter.reason = unescaped(parts[2]);
  return filter;
}

Result<std::unique_ptr<DeadLetterSource>> DeadLetterSource::create(Settings settings, Host host) {
  auto filter = DeadLetterFilter::parse(settings.filter);
  if (!filter) return wrong("filter", "is no filter");
  std::vector<DeadLetterFilter> done;
  for (const auto& text : settings.done) {
    auto each = DeadLetterFilter::parse(text);
    if (!each) return wrong("done", "is no filter");
    done.push_back(*std::move(each));
  }
  return std::unique_ptr<DeadLetterSource>(
      new DeadLetterSource(std::move(settings), host, *std::move(filter), std::move(done)));
}

const levada_component* DeadLetterSource::component() {
  return levada::source<DeadLetterSource>("dead_letters", "Gives dead letters again.");
}

Done DeadLetterSource::open(std::span<const Position> positions) {
  next_letter_ = 0;
  if (!positions.empty() && !read_number(positions[0].position, next_letter_))
    return fatal("the position \"" + positions[0].position + "\" is no number of a letter");
  auto log = look_at(host_.files(), settings_.folder);
  if (!log) return std::move(log).error();
  log_ = *std::move(log);
  reader_.emplace(host_.files(), log_, keys_);
  return {};
}

std::vector<int64_t> DeadLetterSource::matching(const Batch& letters, uint64_t first) const {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < letters.rows(); ++row) {
    const auto number = first + static_cast<uint64_t>(row);
    const auto component = text_of(letters, DeadLetters::kComponent, row);
    if (number >= next_letter_ && component == settings_.component &&
        text_of(letters, DeadLetters::kOwner, row) == settings_.owner &&
        is_wanted(number, component, text_of(letters, DeadLetters::kReason, row), filter_, done_))
      rows.push_back(row);
  }
  return rows;
}

Result<Batch> DeadLetterSource::poll(std::chrono::nanoseconds) {
  for (;;) {
    auto record = reader_->next(next_letter_);
    if (!record) return std::move(record).error();
    if (!*record || (*record)->header.place.row >= filter_.upto) return levada::end();
    const Batch& letters = (*record)->in_flight->batch;
    const auto rows = matching(letters, (*record)->header.place.row);
    if (rows.empty()) continue;
    Batch batch = without_dead_letter_columns(letters);
    batch.take(rows);
    next_letter_ = (*record)->header.end().row;
    batch.position = std::to_string(next_letter_);
    return batch;
  }
}

Result<std::vector<DeadLetterCount>> count_dead_letters(const Files& files, const std::string& folder,
                                               const DeadLetterFilter& filter, const std::vector<DeadLetterFilter>& done) {
  const auto log = look_at(files, folder);
  if (!log) return log.error();
  const KeyRing keys;
  LogReader reader(files, *log, keys);
  std::map<DeadLetterOrigin, int64_t> counts;
  for (;;) {
    const auto record = reader.next();
    if (!record) return record.error();
    if (!*record) break;
    const Batch& letters = (*record)->in_flight->batch;
    for (int64_t row = 0; row < letters.rows(); ++row) {
      const auto number = (*record)->header.place.row + static_cast<uint64_t>(row);
      const auto component = text_of(letters, DeadLetters::kComponent, row);
      if (is_wanted(number, component, text_of(letters, DeadLetters::kReason, row), filter, done))
        ++counts[{std::string(text_of(letters, DeadLetters::kOwner, row)), std::string(component)}];
    }
  }
  std::vector<DeadLetterCount> all;
  for (const auto& [origin, letters] : counts) all.push_back({origin, letters});
  return all;
}

Result<uint64_t> end_of_dead_letters(const Files& files, const std::string& folder) {
  if (!files.exists(folder)) return uint64_t{0};
  const auto log = look_at(files, folder);
  if (!log) return log.error();
  return log->end.row;
}

}  // namespace levada::agent
