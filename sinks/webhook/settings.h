// What a user may set of the sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "levada/options.h"

namespace levada::webhook {

struct WebhookSettings {
  enum class Method { post, put };
  enum class Format { object, ndjson, array };

  std::string url;
  Method method = Method::post;
  Format format = Format::object;
  std::vector<std::string> columns;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string idempotency_header = "Idempotency-Key";
  std::optional<int64_t> batch_rows;
  Size batch_bytes{1 << 20};
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
  std::string tls_ca;
};

}  // namespace levada::webhook
