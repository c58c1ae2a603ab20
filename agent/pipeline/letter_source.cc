#include "agent/pipeline/letter_source.h"

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
Batch without_letter_columns(const Batch& letters) {
  Batch rows(letters.rows());
  const std::string_view prefix = DeadLetters::kRowPrefix;
  for (const auto& column : letters.columns()) {
    if (is_own(column.name())) continue;
    const bool renamed = column.name().starts_with(prefix) && is_own(column.name().substr(prefix.size()));
    rows.set(renamed ? column.renamed(column.name().substr(prefix.size())) : column);
  }
  return rows;
}

// Where records of a segment begin that count no more: they stand in the next one, too.
Place limit_of(const RecoveredLog& log, size_t segment) {
  return segment + 1 < log.segments.size() ? log.segments[segment + 1].first : log.next;
}

// Calls `each` with the deliveries of the log and their first letters, in order.
template <class Each>
Done for_each_record(const Files& files, const std::string& folder, Each&& each) {
  auto keys = KeyRing::create({}, {});
  if (!keys) return std::move(keys).error();
  auto log = recover_log(files, folder, *keys, Repair::nothing);
  if (!log) return std::move(log).error();
  for (size_t number = 0; number < log->segments.size(); ++number) {
    const auto& segment = log->segments[number];
    const Place limit = limit_of(*log, number);
    SegmentReader reader(files, segment.path, log->log_id, *keys);
    for (uint64_t offset = segment.records_at;;) {
      std::optional<uint64_t> damaged;
      auto record = reader.next(offset, segment.bytes, SegmentReader::Depth::payloads, &damaged);
      if (!record) return std::move(record).error();
      if (!*record || (*record)->header.place >= limit) break;
      offset = (*record)->end();
      each(*(*record)->delivery, (*record)->header.place.row);
    }
  }
  return {};
}

}  // namespace

bool LetterFilter::matches(uint64_t letter, std::string_view from_component, std::string_view for_reason) const {
  return letter < upto && (component.empty() || component == from_component) &&
         (reason.empty() || for_reason.find(reason) != std::string_view::npos);
}

std::string LetterFilter::text() const {
  std::string all = std::to_string(upto) + '\t';
  append_escaped(all, component);
  all += '\t';
  append_escaped(all, reason);
  return all;
}

std::optional<LetterFilter> LetterFilter::parse(std::string_view text) {
  const auto parts = tab_separated(text);
  LetterFilter filter;
  if (parts.size() != 3 || !read_number(parts[0], filter.upto)) return std::nullopt;
  filter.component = unescaped(parts[1]);
  filter.reason = unescaped(parts[2]);
  return filter;
}

Result<std::unique_ptr<LetterSource>> LetterSource::create(Settings settings, Host host) {
  auto filter = LetterFilter::parse(settings.filter);
  if (!filter) return wrong("filter", "is no filter");
  std::vector<LetterFilter> done;
  for (const auto& text : settings.done) {
    auto each = LetterFilter::parse(text);
    if (!each) return wrong("done", "is no filter");
    done.push_back(*std::move(each));
  }
  return std::unique_ptr<LetterSource>(
      new LetterSource(std::move(settings), host, *std::move(filter), std::move(done)));
}

const levada_component* LetterSource::component() {
  return levada::source<LetterSource>("dead_letters", "Gives dead letters again.");
}

Done LetterSource::open(std::span<const Position> positions) {
  next_letter_ = 0;
  if (!positions.empty() && !read_number(positions[0].position, next_letter_))
    return fatal("the position \"" + positions[0].position + "\" is no number of a letter");
  auto log = recover_log(host_.files(), settings_.folder, keys_, Repair::nothing);
  if (!log) return std::move(log).error();
  log_ = *std::move(log);
  segment_ = 0;
  reader_.reset();
  return {};
}

Result<std::optional<Delivery>> LetterSource::next_record() {
  while (segment_ < log_.segments.size()) {
    const auto& segment = log_.segments[segment_];
    if (!reader_) {
      reader_.emplace(host_.files(), segment.path, log_.log_id, keys_);
      offset_ = segment.records_at;
    }
    std::optional<uint64_t> damaged;
    auto record = reader_->next(offset_, segment.bytes, SegmentReader::Depth::payloads, &damaged);
    if (!record) return std::move(record).error();
    if (*record && (*record)->header.place < limit_of(log_, segment_)) {
      offset_ = (*record)->end();
      letter_ = (*record)->header.place.row;
      return std::move((*record)->delivery);
    }
    reader_.reset();
    ++segment_;
  }
  return std::optional<Delivery>();
}

std::vector<int64_t> LetterSource::matching(const Batch& letters, uint64_t first) const {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < letters.rows(); ++row) {
    const auto number = first + static_cast<uint64_t>(row);
    const auto component = text_of(letters, DeadLetters::kComponent, row);
    const auto reason = text_of(letters, DeadLetters::kReason, row);
    if (number < next_letter_ || component != settings_.component ||
        text_of(letters, DeadLetters::kOwner, row) != settings_.owner || !filter_.matches(number, component, reason))
      continue;
    if (std::none_of(done_.begin(), done_.end(),
                     [&](const LetterFilter& done) { return done.matches(number, component, reason); }))
      rows.push_back(row);
  }
  return rows;
}

Result<Batch> LetterSource::poll(std::chrono::nanoseconds) {
  for (;;) {
    auto delivery = next_record();
    if (!delivery) return std::move(delivery).error();
    if (!*delivery || letter_ >= filter_.upto) return levada::end();
    const auto rows = matching(*(*delivery)->batch, letter_);
    if (rows.empty()) continue;
    Batch batch = without_letter_columns(*(*delivery)->batch);
    batch.take(rows);
    next_letter_ = letter_ + static_cast<uint64_t>((*delivery)->batch->rows());
    batch.position = std::to_string(next_letter_);
    return batch;
  }
}

Result<std::vector<LetterCount>> count_letters(const Files& files, const std::string& folder,
                                               const LetterFilter& filter, const std::vector<LetterFilter>& done) {
  std::map<LetterOrigin, int64_t> counts;
  LEVADA_TRY(for_each_record(files, folder, [&](const Delivery& delivery, uint64_t first) {
    const Batch& letters = *delivery.batch;
    for (int64_t row = 0; row < letters.rows(); ++row) {
      const auto number = first + static_cast<uint64_t>(row);
      const auto component = text_of(letters, DeadLetters::kComponent, row);
      const auto reason = text_of(letters, DeadLetters::kReason, row);
      if (!filter.matches(number, component, reason) ||
          std::any_of(done.begin(), done.end(),
                      [&](const LetterFilter& each) { return each.matches(number, component, reason); }))
        continue;
      ++counts[{std::string(text_of(letters, DeadLetters::kOwner, row)), std::string(component)}];
    }
  }));
  std::vector<LetterCount> all;
  for (const auto& [origin, letters] : counts) all.push_back({origin, letters});
  return all;
}

Result<uint64_t> end_of_letters(const Files& files, const std::string& folder) {
  if (!files.exists(folder)) return uint64_t{0};
  auto keys = KeyRing::create({}, {});
  if (!keys) return std::move(keys).error();
  auto log = recover_log(files, folder, *keys, Repair::nothing);
  if (!log) return std::move(log).error();
  return log->end.row;
}

}  // namespace levada::agent
