// The sink `webhook`: rows go to an HTTP server, one or many in a request.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "answer.h"
#include "http/http_exchange.h"
#include "levada/sdk.h"
#include "pending_rows.h"
#include "settings.h"

namespace levada::webhook {

class Webhook final : public Sink {
 public:
  using Settings = WebhookSettings;
  static constexpr std::array options = {
      required<&Settings::url>("url", "Where requests go: http:// or https://.").secret(),
      choice<&Settings::method>("method", "POST|PUT", R"("POST")", "The method of the requests."),
      choice<&Settings::format>("format", "object|ndjson|array", R"("object")",
                                "What a request has: one row as a JSON object, rows as objects line by line, or an "
                                "array of them."),
      optional<&Settings::columns>("columns", "[]", "The columns to write; all but the body where it is empty."),
      optional<&Settings::headers>("headers", nullptr,
                                   "More headers: { Authorization = \"Bearer ${env:TOKEN}\" }; a Content-Type "
                                   "takes the place of the format's.")
          .secret(),
      optional<&Settings::idempotency_header>("idempotency_header", R"("Idempotency-Key")",
                                              "The header with a text that is the same where a request comes again, "
                                              "by which receivers drop doubles; empty for none."),
      optional<&Settings::batch_rows>("batch_rows", nullptr,
                                      "The most rows of a request, 100 unless it is set; with `object` always 1."),
      optional<&Settings::batch_bytes>("batch_bytes", R"("1MiB")",
                                       "The most bytes of a request; a row that is larger goes by itself."),
      optional<&Settings::timeout>("timeout", R"("30s")", "How long the answer to a request may take."),
      optional<&Settings::tls_ca>("tls_ca", R"("")",
                                  "The file with the certificates that the server's is checked against; without it "
                                  "those of the system."),
  };
  static Result<std::unique_ptr<Webhook>> create(Settings settings, Host host);

  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;

 private:
  Webhook(Settings settings, Host host);
  void forget_rows();
  // Starts the next request that has not been taken yet; false where all have.
  bool start_next(uint64_t epoch);
  std::string body_of(PendingRows::Range range) const;
  Done take(const HttpResponse& response);

  const Settings settings_;
  const Host host_;
  const RequestLimits limits_;
  std::vector<std::string> headers_;
  Counter values_replaced_, requests_sent_, requests_refused_;
  HttpExchange exchange_;
  std::string id_;  // Of the sink, in all its keys.

  PendingRows rows_;
  size_t next_row_ = 0;                     // The first that was in no request yet.
  std::vector<PendingRows::Range> ranges_;  // Parts of a request that was refused, the next one last.
  PendingRows::Range sent_;                 // What the request under way has,
  std::string key_;                         // and its key.
  std::set<std::string> taken_;             // Keys since the last commit: they are not sent again.
  std::chrono::nanoseconds not_before_{0};  // When the receiver wants to be asked again, monotonic.
};

}  // namespace levada::webhook
