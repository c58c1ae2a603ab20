// What the log API reads from PostgreSQL: threads that ask one question after the other, each over
// a connection of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http_server/http_message.h"
#include "levada/host.h"
#include "postgres/connection.h"

namespace levada::log_api {

class Queries {
 public:
  struct Tables {
    std::string logs, results;  // As they stand in SQL.
  };
  static constexpr size_t kWaiting = 1000;  // Questions that wait for their turn, at most.

  // Nothing is connected before the first question.
  Queries(postgres::Server server, Tables tables, size_t threads, Host host);
  ~Queries();
  Queries(const Queries&) = delete;
  Queries& operator=(const Queries&) = delete;

  // Answers a request to GET one of the paths of the API, from another thread; 503 at once where
  // too many wait.
  void answer(const http_server::HttpRequest& request, http_server::HttpAnswer answer);

 private:
  using Question = std::function<Result<http_server::HttpResponse>(postgres::Connection&)>;
  struct Waiting {
    Question question;
    http_server::HttpAnswer answer;
  };

  Result<Question> question_of(const http_server::HttpRequest& request) const;
  Result<http_server::HttpResponse> one(postgres::Connection& connection, const std::string& statement,
                                        const std::string& id, const char* what) const;
  Result<http_server::HttpResponse> list(postgres::Connection& connection, int64_t limit, const std::string& time,
                                         const std::string& id) const;
  Result<http_server::HttpResponse> stats(postgres::Connection& connection) const;
  void run();
  http_server::HttpResponse ask(const Question& question, std::unique_ptr<postgres::Connection>& connection) const;

  const postgres::Server server_;
  const Tables tables_;
  const Host host_;
  postgres::Stop stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  bool is_over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace levada::log_api
