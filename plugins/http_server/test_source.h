// A source that serves HTTP, together with clients of it, so that it can be put to docs/spec: they
// post one request after the other, each on a connection of its own, and the source has not come to
// its end before the last one is there.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http_server/test_client.h"
#include "levada/sdk.h"

namespace levada::http_server {

struct TestRequest {
  std::string target, body, headers;
};

// `requests()` gives what is posted, in this order.
template <class Served, auto requests>
class TestSource final : public Source {
 public:
  using Settings = typename Served::Settings;
  static constexpr auto options = Served::options;
  static Result<std::unique_ptr<TestSource>> create(Settings settings, Host host) {
    auto served = Served::create(std::move(settings), host);
    if (!served) return std::move(served).error();
    return std::make_unique<TestSource>(*std::move(served));
  }
  explicit TestSource(std::unique_ptr<Served> served) : served_(std::move(served)) {}

  bool replays() const override { return served_->replays(); }
  Done open(std::span<const Position> positions) override { return served_->open(positions); }
  Result<Batch> poll(std::chrono::nanoseconds timeout) override {
    if (!is_awaited_ && clients_.size() < requests_.size()) {
      const auto& [target, body, headers] = requests_[clients_.size()];
      clients_.push_back(std::make_unique<TestClient>(served_->address()));
      clients_.back()->post(target, body, headers);
      is_awaited_ = true;
    }
    for (;;) {
      auto batch = served_->poll(timeout);
      if (batch) is_awaited_ = false;
      if (!is_awaited_ || batch.code() != Code::end) return batch;
      std::this_thread::yield();
    }
  }
  Done acknowledge(std::string_view stream, std::string_view position) override {
    return served_->acknowledge(stream, position);
  }
  void wake() override { served_->wake(); }
  void back_pressure(bool on) override { served_->back_pressure(on); }
  Done close(std::chrono::nanoseconds timeout) override {
    clients_.clear();
    return served_->close(timeout);
  }

 private:
  const std::vector<TestRequest> requests_ = requests();
  std::vector<std::unique_ptr<TestClient>> clients_;
  bool is_awaited_ = false;  // The rows of the last request have not come yet.
  std::unique_ptr<Served> served_;
};

}  // namespace levada::http_server
