// Sound components, from which those with a planted fault are made.
#pragma once

#include <gtest/gtest.h>

#include "levada/positions.h"
#include "levada/sdk.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/conformance_parts.h"

namespace levada::testkit {

struct Nothing {
  bool unused;
};
inline constexpr std::array kNoOptions = {optional<&Nothing::unused>("unused", "false", "Does nothing.")};

// The numbers of the MUSTs that the subject breaks.
inline std::vector<std::string> broken(const Subject& subject) {
  std::vector<std::string> numbers;
  for (const auto& must : musts_of(subject.component->kind)) {
    Findings findings;
    must.test(subject, findings);
    const std::string name = must.name;
    if (!findings.empty()) numbers.push_back(name.substr(0, name.find('_')));
  }
  return numbers;
}
using Numbers = std::vector<std::string>;

// Adds "!" and rejects empty bodies.
struct Shout : Interceptor {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Shout>> create(Settings, Host) { return std::make_unique<Shout>(); }
  Done intercept(Batch& batch) override {
    for (auto event : batch)
      event.body().empty() ? event.reject("is empty") : event.set_body(std::string(event.body()) + "!");
    return {};
  }
};

template <class Component>
Subject interceptor_subject() {
  Subject subject;
  subject.component = interceptor<Component>("shout", "Shouts.");
  subject.bodies = {"one", "two that is longer than twelve bytes", "", "four"};
  return subject;
}

// Says how many bytes have come so far.
struct Sums : StatefulInterceptor {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Sums>> create(Settings, Host) { return std::make_unique<Sums>(); }
  Done intercept(Batch& batch) override {
    for (auto event : batch) event.set_text("sum", std::to_string(sum += event.body().size()));
    return {};
  }
  Done save(std::string& to) override {
    to += "sum " + std::to_string(sum);
    return {};
  }
  Done load(std::string_view state) override {
    if (!state.empty() && !state.starts_with("sum ")) return fatal("this is no sum");
    sum = state.empty() ? 0 : std::stoul(std::string(state.substr(4)));
    return {};
  }
  size_t sum = 0;
};
// The lines of /in, two at a time; the file goes when it has been acknowledged.
struct Lines : Source {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Lines>> create(Settings, Host host) {
    auto made = std::make_unique<Lines>();
    made->files = host.files();
    return made;
  }
  Done open(std::span<const Position> positions) override {
    auto text = files.read_whole("/in");
    if (!text) return std::move(text).error();
    all = *text;
    at = positions.empty() ? 0 : std::stoul(positions[0].position);
    return {};
  }
  Result<Batch> poll(std::chrono::nanoseconds) override {
    if (at >= all.size()) return end();
    std::vector<std::string> bodies;
    while (at < all.size() && bodies.size() < 2) {
      const auto end = all.find('\n', at);
      bodies.push_back(all.substr(at, end - at));
      at = end + 1;
    }
    auto batch = batch_of(bodies);
    batch.position = std::to_string(at);
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view position) override {
    if (position != std::to_string(all.size()) || gone) return {};
    LEVADA_TRY(files.remove("/in"));
    gone = true;
    return {};
  }
  Files files;
  std::string all;
  size_t at = 0;
  bool gone = false;
};

template <class Component>
Subject source_subject() {
  Subject subject;
  subject.component = source<Component>("lines", "Reads lines.");
  subject.prepare = [](FakeHost& host) { host.files().write_file("/in", "one\ntwo\nthree\nfour\nfive\n"); };
  return subject;
}

// Keeps rows until the commit, then puts all that it ever got into /out,
// behind a line with the positions.
struct CheckpointSink : Sink {
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<CheckpointSink>> create(Settings, Host host) {
    auto made = std::make_unique<CheckpointSink>();
    made->files = host.files();
    return made;
  }
  bool keeps_checkpoint() const override { return true; }
  Done open() override { return {}; }
  Result<std::vector<Position>> recover() override {
    written.clear();
    committed.clear();
    if (!files.exists("/out")) return std::vector<Position>();
    auto text = files.read_whole("/out");
    if (!text) return std::move(text).error();
    const auto end = text->find('\n');
    committed = text->substr(end + 1);
    std::vector<Position> positions;
    const auto parts = tab_separated(std::string_view(*text).substr(0, end));
    for (const auto part : parts) positions.push_back(read_position(unescaped(part)).value());
    return positions;
  }
  static std::string line_of(const Checkpoint& checkpoint) {
    std::string line;
    for (const auto& position : checkpoint.positions) {
      std::string text;
      append_position(text, position);
      if (!line.empty()) line += '\t';
      append_escaped(line, text);
    }
    return line + '\n';
  }
  Done write(Batch& batch, std::chrono::nanoseconds) override {
    for (auto event : batch) written += std::string(event.body()) + "\n";
    return {};
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds, Batch&) override {
    LEVADA_TRY(files.replace("/out", line_of(checkpoint) + committed + written));
    committed += written;
    written.clear();
    return {};
  }
  Files files;
  std::string written, committed;
};

template <class Component>
Subject sink_subject() {
  Subject subject;
  subject.component = sink<Component>("checkpoint_sink", "Keeps rows.");
  subject.bodies = {"one", "two that is longer than twelve bytes", "three", "four"};
  return subject;
}

}  // namespace levada::testkit
