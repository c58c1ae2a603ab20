#include "agent/pipeline/dead_letter_source.h"

#include <algorithm>
#include <map>

#include "agent/base/numbers.h"
#include "agent/pipeline/dead_letters.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr const char* kOwnColumns[] = {DeadLetters::kReason, DeadLetters::kComponent, DeadLetters::kOwner,
                                       DeadLetters::kStream, DeadLetters::kPosition,  DeadLetters::kTime,
                                       DeadLetters::kCut};

bool is_own(std::string_view name) {
  return std::find(std::begin(kOwnColumns), std::end(kOwnColumns), name) != std::end(kOwnColumns);
}

std::string_view text_of(const Batch& batch, const char* column, int64_t row) {
  const Column* found = batch.text(column);
  return found ? found->text(row) : std::string_view();
}

DeadLetterFacts facts_of(const Batch& letters, int64_t row, uint64_t first) {
  const Column* cut = letters.find(DeadLetters::kCut);
  return {first + static_cast<uint64_t>(row), text_of(letters, DeadLetters::kComponent, row),
          text_of(letters, DeadLetters::kReason, row),
          cut && cut->type() == Type::boolean && !cut->null(row) && cut->boolean(row)};
}

// The rows as they were when they were rejected.
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
bool is_wanted(const DeadLetterFacts& letter, const DeadLetterFilter& filter,
               const std::vector<DeadLetterFilter>& done) {
  const auto matches = [&](const DeadLetterFilter& each) { return each.matches(letter); };
  return matches(filter) && std::none_of(done.begin(), done.end(), matches);
}

// Calls visit(letters, first number) for each batch of letters, until it gives false.
template <class Visit>
Done for_each_batch(const Files& files, const RecoveredLog& log, Visit visit) {
  const KeyRing keys;
  LogReader reader(files, log, keys);
  for (;;) {
    const auto record = reader.next();
    if (!record) return record.error();
    if (!*record || !visit((*record)->in_flight->batch, (*record)->header.log_offset.row)) return {};
  }
}

}  // namespace

bool DeadLetterFilter::matches(const DeadLetterFacts& letter) const {
  return letter.number < upto && (component.empty() || component == letter.component) &&
         (reason.empty() || letter.reason.find(reason) != std::string_view::npos) && (includes_cut || !letter.is_cut);
}

std::string DeadLetterFilter::text() const {
  std::string all = std::to_string(upto) + '\t';
  append_escaped(all, component);
  all += '\t';
  append_escaped(all, reason);
  if (includes_cut) all += "\tcut";
  return all;
}

std::optional<DeadLetterFilter> DeadLetterFilter::parse(std::string_view text) {
  const auto parts = tab_separated(text);
  DeadLetterFilter filter;
  if (parts.size() < 3 || parts.size() > 4 || !read_number(parts[0], filter.upto)) return std::nullopt;
  filter.component = unescaped(parts[1]);
  filter.reason = unescaped(parts[2]);
  filter.includes_cut = parts.size() == 4;
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
    const auto letter = facts_of(letters, row, first);
    if (letter.number >= next_letter_ && letter.component == settings_.component &&
        text_of(letters, DeadLetters::kOwner, row) == settings_.owner && is_wanted(letter, filter_, done_))
      rows.push_back(row);
  }
  return rows;
}

Result<Batch> DeadLetterSource::poll(std::chrono::nanoseconds) {
  for (;;) {
    auto record = reader_->next(next_letter_);
    if (!record) return std::move(record).error();
    if (!*record || (*record)->header.log_offset.row >= filter_.upto) return levada::end();
    const Batch& letters = (*record)->in_flight->batch;
    const auto rows = matching(letters, (*record)->header.log_offset.row);
    if (rows.empty()) continue;
    Batch batch = without_dead_letter_columns(letters);
    batch.take(rows);
    next_letter_ = (*record)->header.end().row;
    batch.position = std::to_string(next_letter_);
    return batch;
  }
}

Result<std::vector<DeadLetterCount>> count_dead_letters(const Files& files, const std::string& folder,
                                                        const DeadLetterFilter& filter,
                                                        const std::vector<DeadLetterFilter>& done) {
  const auto log = look_at(files, folder);
  if (!log) return log.error();
  std::map<DeadLetterOrigin, int64_t> counts;
  LEVADA_TRY(for_each_batch(files, *log, [&](const Batch& letters, uint64_t first) {
    for (int64_t row = 0; row < letters.rows(); ++row) {
      const auto letter = facts_of(letters, row, first);
      if (is_wanted(letter, filter, done))
        ++counts[{std::string(text_of(letters, DeadLetters::kOwner, row)), std::string(letter.component)}];
    }
    return true;
  }));
  std::vector<DeadLetterCount> all;
  for (const auto& [origin, letters] : counts) all.push_back({origin, letters});
  return all;
}

Result<int64_t> count_dead_letters_of_stream(const Files& files, const std::string& folder, std::string_view stream) {
  if (!files.exists(folder)) return int64_t{0};
  const auto log = look_at(files, folder);
  if (!log) return log.error();
  int64_t count = 0;
  LEVADA_TRY(for_each_batch(files, *log, [&](const Batch& letters, uint64_t) {
    for (int64_t row = 0; row < letters.rows(); ++row)
      if (text_of(letters, DeadLetters::kStream, row) == stream) ++count;
    return true;
  }));
  return count;
}

Result<std::set<std::string>> dead_letter_components(const Files& files, const std::string& folder) {
  std::set<std::string> all;
  if (!files.exists(folder)) return all;
  const auto log = look_at(files, folder);
  if (!log) return log.error();
  LEVADA_TRY(for_each_batch(files, *log, [&](const Batch& letters, uint64_t) {
    for (int64_t row = 0; row < letters.rows(); ++row) all.emplace(text_of(letters, DeadLetters::kComponent, row));
    return true;
  }));
  return all;
}

Result<uint64_t> end_of_dead_letters(const Files& files, const std::string& folder) {
  if (!files.exists(folder)) return uint64_t{0};
  const auto log = look_at(files, folder);
  if (!log) return log.error();
  return log->end.row;
}

Done trim_dead_letters(const Services& services, const std::string& folder, const std::vector<DeadLetterFilter>& done) {
  const Files files(services.files);
  if (!files.exists(folder)) return {};
  const auto log = look_at(files, folder);
  if (!log) return log.error();
  uint64_t kept = log->end.row;
  LEVADA_TRY(for_each_batch(files, *log, [&](const Batch& letters, uint64_t first) {
    for (int64_t row = 0; row < letters.rows(); ++row) {
      const auto letter = facts_of(letters, row, first);
      if (std::any_of(done.begin(), done.end(), [&](const auto& each) { return each.matches(letter); })) continue;
      kept = letter.number;
      return false;
    }
    return true;
  }));
  if (log->segments.empty() || kept <= log->segments.front().first.row) return {};

  // The channel removes whole segments that its readers have read: one of
  // them has read all up to there.
  const auto options = DeadLetters::channel_options(folder);
  FileChannel channel(options, services, FileChannel::Drive::by_hand);
  channel.add_writer();
  const auto cursor = channel.add_cursor("replay");
  LEVADA_TRY(channel.open());
  if (kept == log->end.row) {
    // A record without rows begins a segment of its own, so that the last
    // one with letters can go, too.
    Batch empty(0);
    empty.stream = "trimmed";
    empty.position = "-";
    InFlight end;
    end.stream = empty.stream;
    end.end = kept;
    end.batch = std::move(empty);
    if (!channel.append(std::move(end))) return retry("dead letters: " + channel.blocked_by());
    channel.run_once();
  }
  channel.resume(cursor, {{options.name, {options.name, position_text(log->log_id, {kept, 0}), kept}}});
  channel.run_once();
  return {};
}

}  // namespace levada::agent
