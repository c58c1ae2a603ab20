// Writes rows of any kind one behind the other, breaks some of them, and puts an array's
// brackets and commas around them.
#include "records.h"

#include <algorithm>

#include "access_log.h"
#include "ad_views.h"
#include "app_log.h"
#include "bot_events.h"
#include "click_log.h"

namespace levada::generate {
namespace {

// Breaks the line; no object is left of it, whatever it held. Gives its new end.
char* break_line(char* begin, char* end, Shape shape, Random& random) {
  if (shape == Shape::quoted) {
    char* quote = end;
    while (*--quote != '"') continue;
    std::copy(quote + 1, end, quote);
    return end - 1;
  }
  const auto size = static_cast<uint32_t>(end - begin);
  switch (random.below(3)) {
    case 0: return begin + size / 3 + random.below(size - size / 3 - 1);
    case 1: return Writer(end - 1).text(",}").at();
    default: std::replace(begin, end, '"', '\''); return end;
  }
}

template <class Kind>
class RecordsOf final : public Records {
 public:
  explicit RecordsOf(const RecordSettings& settings)
      : settings_(settings),
        kind_(settings),
        key_(mix(settings.seed)),
        broken_key_(mix(settings.seed ^ kBrokenSalt)),
        us_per_row_(1e6 / (settings.rows_per_second > 0 ? settings.rows_per_second : Kind::kPerSecond)) {}

  // Behind a row may come an extra comma, and the brackets of an array.
  size_t longest() const override { return Kind::kLongest + 4; }

  uint64_t write(uint64_t first, uint64_t count, char* at, std::vector<char*>& ends) override {
    uint64_t broken = 0;
    for (uint64_t row = first; row < first + count; ++row) {
      if (settings_.array && row == 0) *at++ = '[';
      Writer out(at);
      Random random(key_, row);
      kind_.write(out, random, row, settings_.start_us + static_cast<int64_t>(static_cast<double>(row) * us_per_row_));
      char* end = out.at();
      if (settings_.broken > 0) {
        // Numbers of their own: whether a row is broken must not change the others.
        Random chance(broken_key_, row);
        if (chance.chance(settings_.broken)) {
          end = break_line(at, end, Kind::kShape, chance);
          ++broken;
        }
      }
      if (settings_.array) *end++ = row + 1 == settings_.rows ? ']' : ',';
      ends.push_back(end);
      at = end;
    }
    return broken;
  }

 private:
  static constexpr uint64_t kBrokenSalt = 0x62726f6b;
  RecordSettings settings_;
  Kind kind_;
  uint64_t key_, broken_key_;
  double us_per_row_;
};

template <class Kind>
struct Made {
  using type = Kind;
};

template <class Function>
auto with_kind(Record record, Function&& function) {
  switch (record) {
    case Record::bot_events: return function(Made<BotEvents>());
    case Record::access_log: return function(Made<AccessLog>());
    case Record::ad_views: return function(Made<AdViews>());
    case Record::app_log: return function(Made<AppLog>());
    case Record::click_log: break;
  }
  return function(Made<ClickLog>());
}

}  // namespace

Shape shape_of(Record record) {
  return with_kind(record, []<class Kind>(Made<Kind>) { return Kind::kShape; });
}

std::unique_ptr<Records> make_records(Record record, const RecordSettings& settings) {
  return with_kind(record, [&]<class Kind>(Made<Kind>) -> std::unique_ptr<Records> {
    return std::make_unique<RecordsOf<Kind>>(settings);
  });
}

}  // namespace levada::generate
