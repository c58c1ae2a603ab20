#include "agent/status/status_server.h"

#include <algorithm>

#include "agent/base/json_writer.h"
#include "agent/base/numbers.h"
#include "agent/observe/log.h"
#include "agent/status/metrics_text.h"
#include "agent/status/page_files.h"
#include "agent/status/status_json.h"

namespace levada::agent {
namespace {

// Nothing from elsewhere, nothing inline: what a row holds can never run.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

const PageFile* find_page_file(const std::string& path) {
  const auto files = page_files();
  const auto found = std::ranges::find(files, path, &PageFile::path);
  return found == files.end() ? nullptr : &*found;
}

HttpResponse json_response(std::string body, int status = 200) { return {.status = status, .body = std::move(body)}; }

}  // namespace

StatusServer::StatusServer(Watched watched, std::shared_ptr<const TopologyView> view, MakeFilter make_filter)
    : watched_(std::move(watched)), make_filter_(std::move(make_filter)), history_(watched_), view_(std::move(view)) {}

StatusServer::~StatusServer() = default;

Result<std::unique_ptr<StatusServer>> StatusServer::start(Watched watched, std::shared_ptr<const TopologyView> view,
                                                          HttpServer::Options options, MakeFilter make_filter) {
  std::unique_ptr<StatusServer> made(new StatusServer(std::move(watched), std::move(view), std::move(make_filter)));
  auto& self = *made;
  auto server = HttpServer::start(std::move(options),
                                  {.get = [&self](const HttpRequest& request) { return self.get(request); },
                                   .post = [&self](const HttpRequest& request) { return self.post(request); },
                                   .is_open = [](const std::string& path) { return find_page_file(path) != nullptr; },
                                   .every_second = [&self] { self.every_second(); },
                                   .failed = [](const std::string& why) { log_warning("status server", why); }});
  if (!server) return std::move(server).error();
  self.server_ = *std::move(server);
  return made;
}

void StatusServer::show(std::shared_ptr<const TopologyView> view) {
  const std::lock_guard lock(mutex_);
  view_ = std::move(view);
}

std::shared_ptr<const TopologyView> StatusServer::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void StatusServer::on_post(const std::string& path, Post post) {
  const std::lock_guard lock(mutex_);
  posts_[path] = std::move(post);
}

void StatusServer::every_second() {
  history_.sample(*view(), ProcessUsage::now());
  watched_.taps.close_forgotten(watched_.monotonic());
}

Health StatusServer::health() const { return health_of(watched_, *view(), started_); }

HttpResponse StatusServer::get(const HttpRequest& request) const {
  const auto now = view();
  const auto& path = request.path;
  if (path == "/metrics")
    return {.type = "text/plain; version=0.0.4; charset=utf-8",
            .body = metrics_text(watched_, *now, ProcessUsage::now())};
  if (path == "/health") {
    const auto found = health();
    return json_response(found.json(), found.good() ? 200 : 503);
  }
  if (path == "/topology") return json_response(topology_json(*now));
  if (path == "/api/status") return json_response(status_json(watched_, *now, history_, ProcessUsage::now(), health()));
  if (path == "/api/history") {
    auto json = history_.json(request.parameter("component"));
    if (json.empty()) return HttpResponse::error(404, "there is no such component: name one with ?component=");
    return json_response(std::move(json));
  }
  if (path == "/api/sparklines") return json_response(history_.sparklines());
  if (path == "/api/dead_letters") return json_response(dead_letters_json(watched_, *now));
  if (path == "/api/configuration") return json_response(configuration_json(*now));
  if (path == "/api/plugins") return json_response(plugins_json(*now));
  if (path == "/api/tap") return read_tap(request);
  if (const auto* file = find_page_file(path))
    return {.type = std::string(file->type) + "; charset=utf-8",
            .body = std::string(file->content),
            .headers = {{"Content-Security-Policy", kPagePolicy}, {"X-Frame-Options", "DENY"}}};
  return HttpResponse::error(404, "there is nothing at this path");
}

HttpResponse StatusServer::post(const HttpRequest& request) {
  if (request.path == "/api/tap") return open_tap(request);
  Post found;
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = posts_.find(request.path); at != posts_.end()) found = at->second;
  }
  if (!found) return HttpResponse::error(404, "nothing takes a POST at this path");
  return found(request);
}

HttpResponse StatusServer::open_tap(const HttpRequest& request) const {
  const auto component = request.parameter("component");
  const auto* found = view()->find(component);
  if (!found || found->kind == TopologyView::Kind::channel)
    return HttpResponse::error(404, "there is no source, interceptor, sink or sink group \"" + component + "\"");
  if (found->kind == TopologyView::Kind::sink && found->channels.empty())
    return HttpResponse::error(404, "the sink is in a sink group: rows are seen at the group");
  Taps::Filter filter;
  if (const auto condition = request.parameter("filter"); !condition.empty()) {
    auto made = make_filter_(condition);
    if (!made) return HttpResponse::error(400, made.error().message);
    filter = *std::move(made);
  }
  const auto tap = watched_.taps.open(component, std::move(filter), watched_.monotonic());
  if (!tap) return HttpResponse::error(503, tap.error().message);
  JsonWriter json;
  json.begin_object().member("tap", *tap).end_object();
  return json_response(std::move(json).take() + "\n");
}

HttpResponse StatusServer::read_tap(const HttpRequest& request) const {
  uint64_t tap = 0;
  if (!read_number(request.parameter("tap"), tap)) return HttpResponse::error(400, "?tap= is the number of a tap");
  auto rows = watched_.taps.read(tap, watched_.monotonic());
  if (!rows) return HttpResponse::error(404, rows.error().message);
  if (rows->lines.empty() && !rows->failure.empty()) return HttpResponse::error(400, rows->failure);
  std::string lines;
  for (const auto& line : rows->lines) lines += line + "\n";
  return {.type = "application/x-ndjson", .body = std::move(lines)};
}

}  // namespace levada::agent
