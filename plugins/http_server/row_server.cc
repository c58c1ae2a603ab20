#include "http_server/row_server.h"

#include <algorithm>
#include <charconv>

#include "http_server/content_encoding.h"
#include "levada/crc32c.h"

namespace levada::http_server {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kKeyBytes = 255;
// For those that are answered at the end to take their answers.
constexpr nanoseconds kLastAnswers = std::chrono::seconds(5);
constexpr size_t kMostRowBytes = 512 << 20;

uint64_t fingerprint_of(std::string_view body) {
  return uint64_t{crc32c(0, body.data(), body.size())} | uint64_t{body.size()} << 32;
}

}  // namespace

Result<HttpListener::Options> RowServer::check(const RowServerSettings& settings, const Host& host) {
  const auto is_size = [](Size size) { return size.bytes >= 1 && size.bytes <= int64_t{kMostRowBytes}; };
  if (!is_size(settings.row_bytes)) return wrong("row_bytes", "must be 1 to 512MiB");
  if (!is_size(settings.batch_bytes)) return wrong("batch_bytes", "must be 1 to 512MiB");
  if (settings.queue_bytes.bytes < 1) return wrong("queue_bytes", "must be at least 1");
  if (settings.answer_timeout < std::chrono::seconds(1)) return wrong("answer_timeout", "must be at least 1s");
  if (settings.linger.count() < 0 || settings.linger > std::chrono::seconds(1))
    return wrong("linger", "must be 0s to 1s");
  if (settings.room_timeout.count() < 0) return wrong("room_timeout", "must be 0s or more");
  if (settings.idempotency_window.count() < 0) return wrong("idempotency_window", "must be 0s or more");
  if (settings.idempotency_keys < 1) return wrong("idempotency_keys", "must be at least 1");
  return listener_options_of(settings, host);
}

RowServer::RowServer(RowServerSettings settings, std::vector<Route> routes, HttpListener::Options options, Host host)
    : settings_(std::move(settings)),
      host_(host),
      listener_options_(std::move(options)),
      claim_(listener_options_.address.text()),
      repeated_(host.counter("requests_repeated")),
      timed_out_(host.counter("requests_timed_out")),
      reader_(static_cast<size_t>(settings_.row_bytes.bytes)),
      keys_(host, settings_.idempotency_window, static_cast<size_t>(settings_.idempotency_keys)) {
  for (auto& route : routes) {
    served_by_path_.emplace(route.path, served_.size());
    Served served;
    for (size_t lane = 0; lane < route.lanes; ++lane) {
      lane_by_stream_.emplace(route.stream(lane), std::pair(served_.size(), lane));
      served.lanes.emplace_back().stream = route.stream(lane);
    }
    served.route = std::move(route);
    served_.push_back(std::move(served));
  }
}

RowServer::~RowServer() { end_serving(); }

void RowServer::end_serving() { listener_.reset(); }

Done RowServer::open(std::span<const Position> positions) {
  auto options = listener_options_;
  auto tls = read_tls(settings_, host_);
  if (!tls) return std::move(tls).error();
  options.tls = *std::move(tls);
  std::map<std::string, uint64_t, std::less<>> stored;
  for (const auto& [stream, position, sequence] : positions) {
    const auto found = lane_by_stream_.find(stream);
    if (found == lane_by_stream_.end()) continue;
    // Batches are counted on, so that no position comes twice.
    auto& lane = served_[found->second.first].lanes[found->second.second];
    std::from_chars(position.data(), position.data() + position.size(), lane.last);
    stored.emplace(stream, lane.last);
  }
  LEVADA_TRY(keys_.open(stored));
  constexpr const char* kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  run_.clear();
  for (uint64_t bits = host_.random(), digit = 0; digit < 8; ++digit, bits >>= 5) run_ += kDigits[bits & 31];
  auto listener = HttpListener::start(std::move(options), claim_, *this, listener_counters(host_));
  if (!listener) return std::move(listener).error();
  listener_ = *std::move(listener);
  host_.info("listens on " + std::string(settings_.tls_certificate.empty() ? "http://" : "https://") +
             listener_->address());
  return {};
}

// ---- By the listener's thread ------------------------------------------------------------------

std::optional<HttpResponse> RowServer::refuse(const HttpRequest& request) {
  const auto found = served_by_path_.find(request.path);
  if (found == served_by_path_.end()) return HttpResponse::error(404, "nothing is taken at this path");
  if (request.method != "POST" && request.method != "PUT") {
    auto response = HttpResponse::error(405, "only POST and PUT");
    response.headers.emplace_back("Allow", "POST, PUT");
    return response;
  }
  if (const int64_t since = pressed_since_;
      since != 0 && host_.monotonic() - nanoseconds(since) >= settings_.room_timeout)
    return HttpResponse::retry(429, "there is no room downstream");
  const std::lock_guard lock(mutex_);
  if (queued_bytes_ >= static_cast<size_t>(settings_.queue_bytes.bytes))
    return HttpResponse::retry(429, "too many requests wait");
  return std::nullopt;
}

std::optional<TakenRequest> RowServer::take(const Served& served, HttpRequest& request, HttpResponse& refused) {
  const auto& route = served.route;
  TakenRequest taken;
  const auto key = request.header("Idempotency-Key");
  if (key.size() > kKeyBytes || (key.empty() && key.data())) {
    refused = HttpResponse::error(
        400, key.empty() ? "the Idempotency-Key is empty" : "the Idempotency-Key is longer than 255 bytes");
    return std::nullopt;
  }
  if (!key.empty() && settings_.idempotency_window.count() > 0) {
    taken.key = route.path + ' ' + std::string(key);
    taken.fingerprint = fingerprint_of(request.body);
  }
  auto fault = decode_body(request.header("Content-Encoding"), listener_options_.limits.body_bytes, request.body);
  const auto type = request.header("Content-Type");
  const auto format = route.format == Format::by_type ? format_of(type) : route.format;
  if (!fault) {
    if (route.read) fault = route.read(type, std::move(request.body), taken.rows);
    else fault = reader_.read(format, route.flume_headers, std::move(request.body), taken.rows);
  }
  if (fault) {
    refused = HttpResponse::error(fault.status, fault.reason);
    return std::nullopt;
  }
  for (const auto& [column, header] : route.headers) {
    const auto value = request.header(header);
    taken.values.push_back(value.data() ? std::optional<std::string>(value) : std::nullopt);
  }
  for (const auto& [column, parameter] : route.query) {
    const auto found = request.query.find(parameter);
    taken.values.push_back(found == request.query.end() ? std::nullopt : std::optional(found->second));
  }
  taken.row_count = taken.rows.rows.size();
  taken.bytes = taken.rows.text.size() + taken.rows.rows.size() * sizeof(Part) + TakenRequest::kOverhead;
  taken.since = host_.monotonic();
  taken.time = host_.now();
  return taken;
}

void RowServer::serve(HttpRequest& request, HttpAnswer answer) {
  auto& served = served_[served_by_path_.at(request.path)];
  HttpResponse refused;
  auto taken = take(served, request, refused);
  if (!taken) return answer(std::move(refused));
  if (taken->row_count == 0) return answer({.body = "{\"rows\":0}\n"});
  Answers answers;
  {
    const std::lock_guard lock(mutex_);
    if (is_closing_) {
      answers.emplace_back(std::move(answer), HttpResponse::retry(503, "the agent is being stopped"));
    } else if (taken->key.empty() || !repeats(*taken, answer, answers)) {
      if (!taken->key.empty()) awaited_.try_emplace(taken->key, Awaited{taken->fingerprint, {}});
      taken->answer = std::move(answer);
      queued_bytes_ += taken->bytes;
      served.waiting.push_back(*std::move(taken));
    }
  }
  changed_.notify_one();
  send(std::move(answers));
}

bool RowServer::repeats(const TakenRequest& request, HttpAnswer& answer, Answers& answers) {
  const auto awaited = awaited_.find(request.key);
  const auto* known = awaited == awaited_.end() ? keys_.find(request.key) : nullptr;
  if (!known && awaited == awaited_.end()) return false;
  repeated_.add();
  if ((known ? known->fingerprint : awaited->second.fingerprint) != request.fingerprint)
    answers.emplace_back(std::move(answer), HttpResponse::error(422, "the Idempotency-Key was used for another body"));
  else if (known) answers.emplace_back(std::move(answer), stored(known->status, known->id, known->rows));
  else awaited->second.repeated.push_back(std::move(answer));
  return true;
}

void RowServer::every_second() {
  const auto until = host_.monotonic() - settings_.answer_timeout;
  Answers answers;
  {
    const std::lock_guard lock(mutex_);
    for (auto& served : served_) {
      for (; !served.waiting.empty() && served.waiting.front().since < until; served.waiting.pop_front()) {
        auto& request = served.waiting.front();
        queued_bytes_ -= request.bytes;
        fail(request, HttpResponse::retry(503, "there was no room downstream for too long"), true, answers);
      }
      // Its rows are under way, and may be stored yet.
      for (auto& lane : served.lanes)
        for (auto& given : lane.given)
          for (auto& request : given.requests)
            if (request.since < until)
              fail(request, HttpResponse::retry(503, "the rows are not known to be stored yet"), false, answers);
    }
  }
  timed_out_.add(static_cast<int64_t>(answers.size()));
  send(std::move(answers));
}

// ---- By the worker's thread --------------------------------------------------------------------

Result<Batch> RowServer::poll(nanoseconds timeout) {
  if (!unwritten_) {
    if (!wait_for_requests(timeout)) {
      if (host_.until_drained()) return end();
      return idle();
    }
    const std::lock_guard lock(mutex_);
    auto* served = next_served();
    if (!served) return idle();
    unwritten_ = make_batch(*served);
  }
  LEVADA_TRY(keys_.write(unwritten_keys_));
  unwritten_keys_.clear();
  auto batch = *std::move(unwritten_);
  unwritten_.reset();
  return batch;
}

// Whether there are some; it has lingered for further ones then.
bool RowServer::wait_for_requests(nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto has_come = [this] { return is_woken_ || queued_bytes_ > 0; };
  if (!host_.until_drained()) changed_.wait_for(lock, timeout, has_come);
  if (queued_bytes_ > 0 && settings_.linger.count() > 0) {
    const auto enough = static_cast<size_t>(settings_.batch_bytes.bytes);
    changed_.wait_for(lock, std::min(timeout, settings_.linger), [&] { return is_woken_ || queued_bytes_ >= enough; });
  }
  is_woken_ = false;
  return queued_bytes_ > 0;
}

RowServer::Served* RowServer::next_served() {
  for (size_t at = 0; at < served_.size(); ++at) {
    auto& served = served_[(turn_ + at) % served_.size()];
    if (served.waiting.empty()) continue;
    turn_ = (turn_ + at + 1) % served_.size();
    return &served;
  }
  return nullptr;
}

Batch RowServer::make_batch(Served& served) {
  const auto enough = static_cast<size_t>(settings_.batch_bytes.bytes);
  std::vector<TakenRequest> requests;
  for (size_t bytes = 0; !served.waiting.empty();) {
    const size_t more = served.waiting.front().bytes;
    if (!requests.empty() && bytes + more > enough) break;
    bytes += more;
    queued_bytes_ -= more;
    requests.push_back(std::move(served.waiting.front()));
    served.waiting.pop_front();
  }
  auto& lane = served.lanes[std::exchange(served.next_lane, (served.next_lane + 1) % served.lanes.size())];
  const auto number = ++lane.last;
  for (size_t at = 0; at < requests.size(); ++at)
    requests[at].id = run_ + '-' + lane.stream + '-' + std::to_string(number) + '-' + std::to_string(at);
  auto batch = batch_of(served.route, requests);
  batch.stream = lane.stream;
  batch.position = std::to_string(number);
  // What was posted before is not given again: another sink may have rows of these numbers already.
  batch.jump = !std::exchange(lane.has_given, true);
  for (auto& request : requests) {
    if (!request.key.empty()) unwritten_keys_.push_back(key_of(served.route, lane.stream, number, request));
    request.rows = {};
    request.values = {};
  }
  lane.given.push_back({number, std::move(requests)});
  return batch;
}

Done RowServer::acknowledge(std::string_view stream, std::string_view position) {
  uint64_t number = 0;
  std::from_chars(position.data(), position.data() + position.size(), number);
  Answers answers;
  {
    const std::lock_guard lock(mutex_);
    const auto found = lane_by_stream_.find(std::string(stream));
    if (found == lane_by_stream_.end()) return {};
    auto& served = served_[found->second.first];
    auto& lane = served.lanes[found->second.second];
    for (; !lane.given.empty() && lane.given.front().number <= number; lane.given.pop_front()) {
      for (auto& request : lane.given.front().requests) {
        const auto answer = stored(served.route.status, request.id, request.row_count);
        if (request.answer) answers.emplace_back(std::move(request.answer), answer);
        if (request.key.empty()) continue;
        if (auto awaited = awaited_.extract(request.key))
          for (auto& repeated : awaited.mapped().repeated) answers.emplace_back(std::move(repeated), answer);
        keys_.add(key_of(served.route, lane.stream, lane.given.front().number, request));
      }
    }
  }
  send(std::move(answers));
  return {};
}

void RowServer::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  changed_.notify_one();
}

void RowServer::back_pressure(bool on) { pressed_since_ = on ? std::max<int64_t>(host_.monotonic().count(), 1) : 0; }

Done RowServer::close(nanoseconds timeout) {
  if (!listener_) return {};
  if (!closing_since_) {
    closing_since_ = host_.monotonic();
    // Those that are answered now are closed behind their answer.
    listener_->stop();
    fail_all(HttpResponse::retry(503, "the agent is being stopped"));
  }
  if (!listener_->wait_until_closed(timeout) && host_.monotonic() - *closing_since_ < kLastAnswers) return idle();
  listener_.reset();
  return {};
}

// ---- By both -----------------------------------------------------------------------------------

void RowServer::fail(TakenRequest& request, const HttpResponse& response, bool is_forgotten, Answers& answers) {
  if (request.answer) answers.emplace_back(std::exchange(request.answer, {}), response);
  const auto awaited = request.key.empty() ? awaited_.end() : awaited_.find(request.key);
  if (awaited == awaited_.end()) return;
  for (auto& repeated : awaited->second.repeated) answers.emplace_back(std::move(repeated), response);
  awaited->second.repeated.clear();
  if (is_forgotten) awaited_.erase(awaited);
}

void RowServer::fail_all(const HttpResponse& response) {
  Answers answers;
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
    for (auto& served : served_) {
      for (auto& request : served.waiting) fail(request, response, true, answers);
      served.waiting.clear();
      for (auto& lane : served.lanes)
        for (auto& given : lane.given)
          for (auto& request : given.requests) fail(request, response, false, answers);
    }
    queued_bytes_ = 0;
  }
  send(std::move(answers));
}

void RowServer::send(Answers answers) {
  for (auto& [answer, response] : answers) answer(std::move(response));
}

HttpResponse RowServer::stored(int status, std::string_view id, uint64_t rows) {
  return {.status = status, .body = "{\"id\":" + json_string(id) + ",\"rows\":" + std::to_string(rows) + "}\n"};
}

KeyTable::Given RowServer::key_of(const Route& route, const std::string& stream, uint64_t number,
                                  const TakenRequest& request) const {
  return {.key = request.key,
          .fingerprint = request.fingerprint,
          .stream = stream,
          .number = number,
          .id = request.id,
          .status = route.status,
          .rows = request.row_count,
          .time = host_.now()};
}

}  // namespace levada::http_server
