// The interceptor `filter`.
#include "filter.h"

#include <numeric>

#include "conditions/comparisons.h"
#include "conditions/condition_parser.h"

namespace levada::filter {

Result<std::unique_ptr<Filter>> Filter::create(Settings settings, Host host) {
  if (!settings.where && !settings.pattern)
    return wrong("where", "set `where`, `pattern` or both: nothing says which rows to keep");
  std::vector<conditions::ConditionPtr> parts;
  std::string reason;
  if (settings.where) {
    auto condition = conditions::parse_condition(*settings.where);
    if (!condition) return wrong("where", condition.error().message);
    parts.push_back(*std::move(condition));
    reason = *settings.where;
  }
  if (settings.pattern) {
    auto condition = conditions::matches("body", *settings.pattern);
    if (!condition) return wrong("pattern", condition.error().message);
    parts.push_back(*std::move(condition));
    reason += (reason.empty() ? "" : " and ") + ("body matches '" + *settings.pattern + "'");
  }
  auto condition = conditions::all_of(std::move(parts));
  if (settings.invert) condition = conditions::none_of(std::move(condition));
  reason = (settings.invert ? "meets: " : "does not meet: ") + reason;
  return std::unique_ptr<Filter>(new Filter(std::move(condition), settings.on_no_match, std::move(reason), host));
}

Filter::Filter(conditions::ConditionPtr condition, Others others, std::string reason, Host host)
    : condition_(std::move(condition)),
      others_(others),
      reason_(std::move(reason)),
      filtered_(host.counter("rows_filtered")),
      remarks_([host](std::string_view remark) { host.warning(remark); }) {}

Done Filter::intercept(Batch& batch) {
  const auto rows = batch.rows();
  mask_.reset(rows, 1);
  condition_->narrow(batch, mask_, remarks_);
  const uint8_t* met = mask_.data();
  const auto kept = std::accumulate(met, met + rows, int64_t{0});
  if (kept == rows) return {};

  if (others_ == Others::reject) {
    for (int64_t row = 0; row < rows; ++row)
      if (!met[row]) batch.reject(row, reason_);
  } else {
    filtered_.add(rows - kept);
  }
  // Written without a branch, which would be guessed wrong where rows are kept at random.
  kept_.resize(static_cast<size_t>(rows));
  int64_t* to = kept_.data();
  for (int64_t row = 0; row < rows; ++row) {
    *to = row;
    to += met[row];
  }
  batch.take({kept_.data(), static_cast<size_t>(kept)});
  return {};
}

}  // namespace levada::filter

LEVADA_PLUGIN("filter", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::filter::Filter>(
                  "filter", "Keeps the rows that meet a condition over their columns or their body."))
