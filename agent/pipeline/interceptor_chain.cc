#include "agent/pipeline/interceptor_chain.h"

#include <algorithm>

#include "agent/pipeline/closing.h"

namespace levada::agent {

void reject_rows(const std::string& component, OnReject on_reject, Batch rejected, std::vector<AuditCount>& counts,
                 std::vector<RejectedRows>& to) {
  const Column* reasons = rejected.text("reason");
  const auto outcome = on_reject == OnReject::drop ? Outcome::dropped : Outcome::dead_letters;
  std::vector<AuditCount> kinds;
  std::string kind;
  for (int64_t row = 0; row < rejected.rows(); ++row) {
    write_kind(reasons ? reasons->text(row) : "no reason was given", kind);
    add_to_counts(kinds, outcome, component, kind, 1);
  }
  for (const auto& each : kinds) add_to_counts(counts, outcome, component, each.reason, each.rows);
  if (outcome == Outcome::dead_letters) to.push_back({component, std::move(rejected), std::move(kinds)});
}

void InterceptorChain::add(InterceptorInstance instance, OnReject on_reject, Metrics& metrics, TapPoint* tap) {
  const std::string name = instance.name();
  const bool behind_held = !links_.empty() && (links_.back().behind_held || links_.back().instance.advances());
  links_.push_back({std::move(instance), on_reject, metrics.counter(name, "rows_in"), metrics.counter(name, "rows_out"),
                    metrics.counter(name, "rows_rejected"), tap, false, behind_held});
}

Done InterceptorChain::open() {
  for (auto& link : links_) {
    link.to_close = true;
    if (auto done = link.instance.open(); !done) return std::move(done).error().at(link.instance.name());
  }
  return {};
}

bool InterceptorChain::close(nanoseconds end, const levada_clock& clock) {
  bool good = true;
  for (auto& link : links_)
    if (link.to_close) good &= close_until(link.instance, end, clock);
  return good;
}

std::vector<std::string> InterceptorChain::stateful() const {
  std::vector<std::string> names;
  for (const auto& link : links_)
    if (link.instance.is_stateful()) names.push_back(link.instance.name());
  return names;
}

Done InterceptorChain::save(bool whole, SavedStates& to) const {
  const auto save = [&](const InterceptorInstance& instance, SavedState& state) -> Done {
    if (!whole) {
      auto done = instance.save_changes(state.changes.emplace_back());
      if (done.code() != Code::idle) return done;
      state.changes.pop_back();
    }
    return instance.save(state.whole.emplace());
  };
  for (const auto& link : links_)
    if (link.instance.is_stateful())
      if (auto done = save(link.instance, to[link.instance.name()]); !done)
        return std::move(done).error().at(link.instance.name());
  return {};
}

Done InterceptorChain::load(const SavedStates& states) {
  const auto load = [](InterceptorInstance& instance, const SavedState& state) -> Done {
    LEVADA_TRY(instance.load(state.whole.value_or(std::string())));
    for (const auto& changes : state.changes) LEVADA_TRY(instance.load_changes(changes));
    return {};
  };
  for (auto& link : links_) {
    if (!link.instance.is_stateful()) continue;
    const auto state = states.find(link.instance.name());
    if (auto done = load(link.instance, state == states.end() ? SavedState() : state->second); !done)
      return std::move(done).error().at(link.instance.name());
  }
  return {};
}

Done InterceptorChain::run(InFlight& in_flight) {
  if (links_.empty() || in_flight.batch.rows() == 0) return {};
  if (!under_way_) {
    under_way_ = std::make_unique<CBatch>(in_flight.batch);
    at_ = 0;
    counts_.clear();
    rejected_.clear();
  }
  return run_under_way(in_flight);
}

nanoseconds InterceptorChain::deadline() const {
  auto first = nanoseconds::max();
  for (const auto& link : links_)
    if (link.instance.advances()) first = std::min(first, link.instance.deadline());
  return first;
}

// Those in front first: what they give goes through those behind them, which may hold it.
Result<InFlight> InterceptorChain::advance(nanoseconds now, bool ended) {
  for (size_t at = 0; at < links_.size() && !advanced_; ++at) {
    auto& link = links_[at];
    if (!link.instance.advances() || (!ended && link.instance.deadline() > now)) continue;
    auto given = std::make_unique<CBatch>();
    CBatch rejected;
    auto done = link.instance.advance(now, ended, *given, rejected);
    if (done.code() == Code::idle) continue;
    if (!done) {
      auto failed = std::move(done).error().at(link.instance.name());
      if (failed.code != Code::retry) failed.code = Code::fatal;
      return failed;
    }
    Batch rejected_rows;
    if (!rejected.empty()) {
      auto opened = rejected.open_rows();
      if (!opened) return std::move(opened).error().at(link.instance.name());
      rejected_rows = *std::move(opened);
    }
    if (given->empty()) Batch(0).share(*given->get());
    const int64_t rows = given->get()->rows.length;
    if (rows == 0 && rejected_rows.rows() == 0) continue;
    counts_.clear();
    rejected_.clear();
    count(link, 0, rows, std::move(rejected_rows));
    under_way_ = std::move(given);
    at_ = at + 1;
    advanced_ = true;
  }
  if (!advanced_) return idle();
  InFlight in_flight;
  LEVADA_TRY(run_under_way(in_flight));
  advanced_ = false;
  return in_flight;
}

Done InterceptorChain::run_under_way(InFlight& in_flight) {
  Batch& batch = in_flight.batch;
  for (; at_ < links_.size() && under_way_->get()->rows.length > 0; ++at_) {
    under_way_->get()->stream = links_[at_].behind_held ? levada_bytes{} : detail::bytes(batch.stream);
    if (auto done = pass(links_[at_]); !done) {
      auto failed = std::move(done).error().at(links_[at_].instance.name());
      if (failed.code != Code::retry) failed.code = Code::fatal;
      return failed;
    }
  }
  auto changed = under_way_->open_rows();
  under_way_.reset();
  if (!changed) return std::move(changed).error().at(links_[std::min(at_, links_.size()) - 1].instance.name());
  changed->stream = std::move(batch.stream);
  changed->position = std::move(batch.position);
  changed->sequence = batch.sequence;
  batch = *std::move(changed);
  auto& counts = in_flight.account.counts;
  for (auto& count : counts_) add_to_counts(counts, count.outcome, count.component, count.reason, count.rows);
  for (auto& each : rejected_) in_flight.rejected_rows.push_back(std::move(each));
  rejected_.clear();
  return {};
}

// Shows the batch that is under way, and leaves it as it is.
Done InterceptorChain::tap(const Link& link, TapPoint::Way way) {
  levada_batch& batch = *under_way_->get();
  const auto stream = batch.stream;
  auto opened = under_way_->open_rows();
  if (!opened) return std::move(opened).error();
  opened->share(batch);
  batch.stream = stream;
  link.tap->give(way, *opened);
  return {};
}

Done InterceptorChain::pass(Link& link) {
  CBatch& batch = *under_way_;
  if (link.tap && link.tap->wanted()) LEVADA_TRY(tap(link, TapPoint::Way::in));
  const int64_t rows = batch.get()->rows.length;
  // One that may turn no row down gets the same batch until it has none to reject.
  Batch before;
  if (link.on_reject == OnReject::block) {
    auto opened = batch.open_rows();
    if (!opened) return std::move(opened).error();
    before = *std::move(opened);
    before.share(*batch.get());
  }
  const auto blocked = [&](const std::string& reason) {
    detail::release(*batch.get());
    before.share(*batch.get());
    return retry("rejects rows, and on_reject is \"block\": " + reason);
  };
  CBatch rejected;
  auto done = link.instance.intercept(batch, rejected);
  if (done.code() == Code::reject) {
    if (link.on_reject == OnReject::block) return blocked(done.error().message);
    auto whole = batch.open_rows();
    if (!whole) return std::move(whole).error();
    whole->set(repeat("reason", done.error().message, whole->rows()));
    Batch(0).share(*batch.get());
    count(link, rows, 0, *std::move(whole));
    return {};
  }
  if (!done) return done;
  if (batch.empty()) return fatal("gave no batch back");
  const int64_t rows_out = batch.get()->rows.length;
  Batch rejected_rows;
  if (!rejected.empty()) {
    auto opened = rejected.open_rows();
    if (!opened) return std::move(opened).error();
    rejected_rows = *std::move(opened);
  }
  if (link.on_reject == OnReject::block && rejected_rows.rows() > 0) {
    const Column* reasons = rejected_rows.text("reason");
    return blocked(std::string(reasons ? reasons->text(0) : "no reason was given"));
  }
  count(link, rows, rows_out, std::move(rejected_rows));
  if (link.tap && link.tap->wanted()) LEVADA_TRY(tap(link, TapPoint::Way::out));
  return {};
}

void InterceptorChain::count(Link& link, int64_t rows, int64_t rows_out, Batch rejected) {
  const auto& name = link.instance.name();
  link.rows_in.add(rows);
  link.rows_out.add(rows_out);
  const int64_t rows_rejected = rejected.rows();
  if (const auto others = rows - rows_out - rows_rejected; others != 0)
    add_to_counts(counts_, link.kept_back(), name, "", others);
  if (rows_rejected == 0) return;
  link.rows_rejected.add(rows_rejected);
  reject_rows(name, link.on_reject, std::move(rejected), counts_, rejected_);
}

}  // namespace levada::agent
