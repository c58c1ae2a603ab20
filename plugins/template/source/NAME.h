// @NAME@: counts, one row for each number.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "levada/sdk.h"

class @CLASS@ final : public levada::Source {
 public:
  struct Settings {
    int64_t rows;
    int64_t batch_rows;
  };
  static constexpr std::array options = {
      levada::optional<&Settings::rows>("rows", "1000", "How far it counts."),
      levada::optional<&Settings::batch_rows>("batch_rows", "100", "The most rows that travel together.").advanced(),
  };

  static levada::Result<std::unique_ptr<@CLASS@>> create(Settings settings, levada::Host host);

  levada::Done open(std::span<const levada::Position> positions) override;
  levada::Result<levada::Batch> poll(std::chrono::nanoseconds timeout) override;
  levada::Done acknowledge(std::string_view stream, std::string_view position) override;

 private:
  Settings settings_{};
  int64_t next_ = 0;
};
