// The options that each source has whose rows clients post.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "http_server/listener_settings.h"
#include "levada/options.h"
#include "levada/shared_options.h"

namespace levada::http_server {

struct RowServerSettings : ListenerSettings {
  Size row_bytes, batch_bytes, queue_bytes;
  std::chrono::nanoseconds answer_timeout{}, linger{}, room_timeout{}, idempotency_window{};
  int64_t idempotency_keys = 100'000;
};

inline constexpr std::array kRowServerOptions = {
    optional<&RowServerSettings::row_bytes>("row_bytes", R"("1MiB")",
                                            "The longest row; a body with a longer one gets 413."),
    optional<&RowServerSettings::answer_timeout>(
        "answer_timeout", R"("30s")",
        "A request whose rows are not stored by then gets 503; it may be stored all the same."),
    optional<&RowServerSettings::idempotency_window>(
        "idempotency_window", R"("10m")", "For so long a repeated Idempotency-Key gets the first answer; 0: never."),
    optional<&RowServerSettings::idempotency_keys>("idempotency_keys", "100000",
                                                   "So many keys are kept at most; the oldest go first.")
        .advanced(),
    optional<&RowServerSettings::queue_bytes>(
        "queue_bytes", R"("64MiB")", "While bodies of so many bytes wait to be read, further requests get 429.")
        .advanced(),
    optional<&RowServerSettings::room_timeout>(
        "room_timeout", R"("1s")",
        "When the channels have had no room for so long, requests get 429 at once; until then they wait.")
        .advanced(),
    optional<&RowServerSettings::batch_bytes>("batch_bytes", R"("4MiB")",
                                              "Requests are put together to batches of about so many bytes.")
        .advanced(),
    optional<&RowServerSettings::linger>("linger", R"("1ms")", "How long a batch waits for further requests.")
        .advanced(),
};

template <class Settings>
constexpr auto row_server_options() {
  return join_options(listener_options<Settings>(), inherited<Settings, kRowServerOptions>());
}

}  // namespace levada::http_server
