// A source whose rows clients post: each request is answered when its rows are stored downstream.
// Which paths there are, and what else is served, is the affair of who derives from it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "http_server/http_listener.h"
#include "http_server/key_table.h"
#include "http_server/route.h"
#include "http_server/row_server_settings.h"
#include "http_server/taken_request.h"
#include "levada/sdk.h"

namespace levada::http_server {

class RowServer : public Source, protected HttpService {
 public:
  ~RowServer() override;

  // What was posted is gone; a client that has had no answer posts it again.
  bool replays() const override { return false; }
  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view stream, std::string_view position) override;
  void wake() override;
  void back_pressure(bool on) override;
  Done close(std::chrono::nanoseconds timeout) override;

  // Where it listens, once it is open.
  const std::string& address() const { return listener_->address(); }
  // What all ids begin with since it was opened: "RUN-STREAM-BATCH-REQUEST".
  const std::string& run() const { return run_; }

 protected:
  // Settings that were checked: see check.
  RowServer(RowServerSettings settings, std::vector<Route> routes, HttpListener::Options options, Host host);
  // Names the option at fault.
  static Result<HttpListener::Options> check(const RowServerSettings& settings, const Host& host);

  // Ends all connections at once. First in the destructor of who overrides what follows.
  void end_serving();

  // By the listener's thread; those of the routes.
  std::optional<HttpResponse> refuse(const HttpRequest& request) override;
  void serve(HttpRequest& request, HttpAnswer answer) override;
  void every_second() override;

 private:
  // A batch that was given, or is about to be.
  struct Given {
    uint64_t number;
    std::vector<TakenRequest> requests;
  };
  struct Lane {
    std::string stream;
    uint64_t last = 0;        // Number of its last batch: its position.
    bool has_given = false;   // Since it was opened.
    std::deque<Given> given;  // Not acknowledged yet.
  };
  struct Served {
    Route route;
    std::vector<Lane> lanes;
    size_t next_lane = 0;
    std::deque<TakenRequest> waiting;
  };
  // A key whose request has no answer yet.
  struct Awaited {
    uint64_t fingerprint;
    std::vector<HttpAnswer> repeated;  // Of requests that have the same key.
  };
  // Answers that are given without the lock.
  using Answers = std::vector<std::pair<HttpAnswer, HttpResponse>>;

  std::optional<TakenRequest> take(const Served& served, HttpRequest& request, HttpResponse& refused);
  // Whether the request is one that was made before, and is answered with that one.
  bool repeats(const TakenRequest& request, HttpAnswer& answer, Answers& answers);
  bool wait_for_requests(std::chrono::nanoseconds timeout);
  Served* next_served();
  Batch make_batch(Served& served);
  void fail(TakenRequest& request, const HttpResponse& response, bool is_forgotten, Answers& answers);
  void fail_all(const HttpResponse& response);
  static void send(Answers answers);
  KeyTable::Given key_of(const Route& route, const std::string& stream, uint64_t number,
                         const TakenRequest& request) const;
  static HttpResponse stored(int status, std::string_view id, uint64_t rows);

  const RowServerSettings settings_;
  const Host host_;
  HttpListener::Options listener_options_;
  const ListenClaim claim_;
  Counter repeated_, timed_out_;
  BodyReader reader_;  // By the listener's thread.
  std::string run_;    // Part of all ids since it was opened, so that none comes twice.
  std::unordered_map<std::string, size_t> served_by_path_;
  std::unordered_map<std::string, std::pair<size_t, size_t>> lane_by_stream_;  // Which of served_, which of its lanes.

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false, is_closing_ = false;
  std::vector<Served> served_;
  size_t turn_ = 0;          // Which of served_ gives the next batch.
  size_t queued_bytes_ = 0;  // In all `waiting`.
  std::unordered_map<std::string, Awaited> awaited_;
  KeyTable keys_;
  std::atomic<int64_t> pressed_since_{0};  // When there was no room any more, by the monotonic clock; 0: there is.

  // By the worker's thread.
  std::optional<Batch> unwritten_;  // Its keys could not be written yet.
  std::vector<KeyTable::Given> unwritten_keys_;
  std::optional<std::chrono::nanoseconds> closing_since_;
  std::unique_ptr<HttpListener> listener_;  // Last: its thread works with the members above.
};

}  // namespace levada::http_server
