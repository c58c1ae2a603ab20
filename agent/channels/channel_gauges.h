// How full a channel is, for its metrics.
#pragma once

#include <string>

#include "agent/observe/metrics.h"

namespace levada::agent {

// Without metrics they are nobody's.
struct ChannelGauges {
  ChannelGauges() = default;
  ChannelGauges(Metrics& metrics, const std::string& channel)
      : rows_waiting(metrics.gauge(channel, "rows_waiting")),
        bytes_waiting(metrics.gauge(channel, "bytes_waiting")),
        capacity_bytes(metrics.gauge(channel, "capacity_bytes")) {}

  // What its slowest reader has not committed. Of a file channel the bytes are those of its files,
  // of which it removes whole ones.
  Gauge rows_waiting, bytes_waiting;
  Gauge capacity_bytes;  // 0: no limit.
};

}  // namespace levada::agent
