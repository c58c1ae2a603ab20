// @NAME@: counts, one row for each number.
#include <algorithm>
#include <charconv>
#include <string>

#include "@NAME@.h"

// Checks the settings and touches nothing outside: `levada check` calls it.
levada::Result<std::unique_ptr<@CLASS@>> @CLASS@::create(Settings settings, levada::Host) {
  if (settings.rows < 0) return levada::wrong("rows", "must be 0 or more");
  if (settings.batch_rows < 1) return levada::wrong("batch_rows", "must be 1 or more");
  auto made = std::make_unique<@CLASS@>();
  made->settings_ = settings;
  return made;
}

// Downstream says how far it has got; there is one stream here, called "".
levada::Done @CLASS@::open(std::span<const levada::Position> positions) {
  next_ = 0;
  for (const auto& at : positions) {
    const char* end = at.position.data() + at.position.size();
    if (std::from_chars(at.position.data(), end, next_).ptr != end)
      return levada::fatal("the position " + at.position + " is no number");
  }
  return {};
}

levada::Result<levada::Batch> @CLASS@::poll(std::chrono::nanoseconds) {
  if (next_ >= settings_.rows) return levada::end();
  const int64_t count = std::min(settings_.batch_rows, settings_.rows - next_);
  levada::TextBuilder bodies(count);
  for (int64_t row = 0; row < count; ++row) bodies.append(std::to_string(next_ + row));
  levada::Batch batch(count);
  batch.set(std::move(bodies).finish("body", levada::Type::bytes));
  next_ += count;
  batch.position = std::to_string(next_);
  return batch;
}

// Only now are the rows safe downstream: here a file would be renamed, an offset committed, a
// client answered.
levada::Done @CLASS@::acknowledge(std::string_view, std::string_view) { return {}; }

LEVADA_PLUGIN("@NAME@", "0.1.0", "Apache-2.0", levada::source<@CLASS@>("@NAME@", "Counts, one row for each number."))
