// Lets a running agent be seen: metrics, health, the topology, the status page and what it shows.
// It looks at services that outlive every pipeline: a topology may go while somebody looks.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/status/health.h"
#include "agent/status/history.h"
#include "agent/status/http_server.h"
#include "agent/status/watched.h"

namespace levada::agent {

class StatusServer {
 public:
  // Rows that meet a condition; fails where the condition cannot be read.
  using MakeFilter = std::function<Result<Taps::Filter>(const std::string& condition)>;
  using Post = std::function<HttpResponse(const HttpRequest&)>;

  // FATAL: the port cannot be had. `view`: what is about to run.
  static Result<std::unique_ptr<StatusServer>> start(Watched watched, std::shared_ptr<const TopologyView> view,
                                                     HttpServer::Options options, MakeFilter make_filter);
  ~StatusServer();

  // From now on this topology runs: at a reload. [any thread]
  void show(std::shared_ptr<const TopologyView> view);
  // The pipeline's threads run. [any thread]
  void set_started() { started_ = true; }
  // Serves a path for POST, such as "/api/reload": one request at a time, in a thread that may
  // wait. [any thread]
  void on_post(const std::string& path, Post post);

  // Where a browser finds the page: "127.0.0.1:9464"; empty: no port is open.
  std::string address() const { return server_->address(); }

 private:
  StatusServer(Watched watched, std::shared_ptr<const TopologyView> view, MakeFilter make_filter);
  std::shared_ptr<const TopologyView> view() const;
  Health health() const;
  HttpResponse get(const HttpRequest& request) const;
  HttpResponse post(const HttpRequest& request);
  HttpResponse open_tap(const HttpRequest& request) const;
  HttpResponse read_tap(const HttpRequest& request) const;
  void every_second();

  const Watched watched_;
  const MakeFilter make_filter_;
  History history_;
  std::atomic<bool> started_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const TopologyView> view_;
  std::map<std::string, Post> posts_;
  std::unique_ptr<HttpServer> server_;  // Last: its threads use the above.
};

}  // namespace levada::agent
