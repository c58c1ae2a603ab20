// The options of the http source.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "http_server/listener_settings.h"
#include "levada/options.h"
#include "levada/shared_options.h"

namespace levada::http_source {

struct Settings : http_server::ListenerSettings {
  Tree routes;
  Size row_bytes, batch_bytes, queue_bytes;
  std::chrono::nanoseconds answer_timeout{}, linger{}, room_timeout{}, idempotency_window{};
  int64_t idempotency_keys = 100'000;
};

inline constexpr auto kOptions = join_options(
    http_server::listener_options<Settings>(),
    std::array{
        required<&Settings::routes>(
            "routes", "What is taken at which path: { \"/logs\" = { format = \"ndjson\" } }; see Routes."),
        optional<&Settings::row_bytes>("row_bytes", R"("1MiB")", "The longest row; a body with a longer one gets 413."),
        optional<&Settings::answer_timeout>(
            "answer_timeout", R"("30s")",
            "A request whose rows are not stored by then gets 503; it may be stored all the same."),
        optional<&Settings::idempotency_window>(
            "idempotency_window", R"("10m")",
            "For so long a repeated Idempotency-Key gets the first answer; 0: never."),
        optional<&Settings::idempotency_keys>("idempotency_keys", "100000",
                                              "So many keys are kept at most; the oldest go first.")
            .advanced(),
        optional<&Settings::queue_bytes>("queue_bytes", R"("64MiB")",
                                         "While bodies of so many bytes wait to be read, further requests get 429.")
            .advanced(),
        optional<&Settings::room_timeout>(
            "room_timeout", R"("1s")",
            "When the channels have had no room for so long, requests get 429 at once; until then they wait.")
            .advanced(),
        optional<&Settings::batch_bytes>("batch_bytes", R"("4MiB")",
                                         "Requests are put together to batches of about so many bytes.")
            .advanced(),
        optional<&Settings::linger>("linger", R"("1ms")", "How long a batch waits for further requests.").advanced(),
    });

}  // namespace levada::http_source
