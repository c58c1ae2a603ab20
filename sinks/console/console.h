// The sink that prints rows to standard output, a line for each.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "highlighter.h"
#include "levada/sdk.h"

namespace levada::console {

struct ConsoleSettings {
  enum class Format { body, json };
  enum class Color { automatic, always, never };
  Format format = Format::body;
  std::vector<std::pair<std::string, std::string>> highlight = {};
  Color color = Color::automatic;
};

class Console : public Sink {
 public:
  using Settings = ConsoleSettings;
  static constexpr std::array options = {
      choice<&Settings::format>("format", "body|json", "\"body\"",
                                "What is printed of a row: the body, or all other columns as a JSON object."),
      optional<&Settings::highlight>(
          "highlight", nullptr,
          "Colors of rows by what they match (RE2), { red = 'failed', green = 'completed' }; the first counts."),
      choice<&Settings::color>("color", "auto|always|never", "\"auto\"",
                               "When `highlight` colors: on a terminal, unless NO_COLOR is set; always; never."),
  };
  static Result<std::unique_ptr<Console>> create(Settings settings, Host host);
  // Prints to another file descriptor, which stays open.
  Console(Settings settings, Host host, int descriptor, Highlighter highlighter = {});

  Done open() override { return {}; }
  Result<std::vector<Position>> recover() override;
  Done write(Batch& batch, std::chrono::nanoseconds timeout) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) override;

 private:
  Done print_json(const Batch& batch);
  // Prints what is waiting, for as long as somebody reads it; IDLE: some of it still waits.
  Done flush(std::chrono::nanoseconds timeout);

  const Settings settings_;
  const int descriptor_;
  const Highlighter highlighter_;
  std::string waiting_;
  size_t printed_ = 0;  // Of what is waiting.
  Counter values_replaced_;
};

}  // namespace levada::console
