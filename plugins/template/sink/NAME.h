// @NAME@: appends bodies to a file, a line each.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "levada/sdk.h"

class @CLASS@ final : public levada::Sink {
 public:
  struct Settings {
    std::string path;
  };
  static constexpr std::array options = {
      levada::required<&Settings::path>("path", "The file that bodies are appended to."),
  };

  static levada::Result<std::unique_ptr<@CLASS@>> create(Settings settings, levada::Host host);

  levada::Done open() override;
  levada::Result<std::vector<levada::Position>> recover() override;
  levada::Done write(levada::Batch& batch, std::chrono::nanoseconds timeout) override;
  levada::Done commit(const levada::Checkpoint& checkpoint, std::chrono::nanoseconds timeout,
                      levada::Batch& rejected) override;

 private:
  std::string path_;
  levada::Files files_;
  std::string lines_;  // Written since the last commit.
};
