#include "agent/pipeline/interceptor_chain.h"

namespace levada::agent {

void InterceptorChain::add(InterceptorInstance instance, OnReject on_reject, Metrics& metrics) {
  const std::string name = instance.name();
  links_.push_back({std::move(instance), on_reject, metrics.counter(name, "rows_in"), metrics.counter(name, "rows_out"),
                    metrics.counter(name, "rows_rejected")});
}

Done InterceptorChain::open() {
  for (auto& link : links_)
    if (auto done = link.instance.open(); !done) return std::move(done).error().at(link.instance.name());
  return {};
}

Done InterceptorChain::run(Batch& batch) {
  if (links_.empty() || batch.rows() == 0) return {};
  if (!under_way_) {
    under_way_ = std::make_unique<Parcel>(batch);
    at_ = 0;
  }
  for (; at_ < links_.size() && under_way_->get()->rows.length > 0; ++at_) {
    if (auto done = pass(links_[at_], *under_way_, batch); !done) {
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
  return {};
}

Done InterceptorChain::pass(Link& link, Parcel& parcel, const Batch& origin) {
  const int64_t rows = parcel.get()->rows.length;
  Parcel rejected;
  auto done = link.instance.intercept(parcel, rejected);
  if (done.code() == Code::reject) {
    auto whole = parcel.open_rows();
    if (!whole) return std::move(whole).error();
    whole->set(repeat("reason", done.error().message, whole->rows()));
    Batch(0).share(*parcel.get());
    link.rows_in.add(rows);
    turn_down(link, *std::move(whole), origin);
    return {};
  }
  if (!done) return done;
  if (parcel.empty()) return fatal("gave no batch back");
  link.rows_in.add(rows);
  link.rows_out.add(parcel.get()->rows.length);
  if (rejected.empty()) return {};
  auto turned_down = rejected.open_rows();
  if (!turned_down) return std::move(turned_down).error();
  turn_down(link, *std::move(turned_down), origin);
  return {};
}

void InterceptorChain::turn_down(Link& link, Batch rejected, const Batch& origin) {
  link.rows_rejected.add(rejected.rows());
  if (link.on_reject == OnReject::drop) return;
  rejected.stream = origin.stream;
  dead_letters_->add(link.instance.name(), rejected);
}

}  // namespace levada::agent
