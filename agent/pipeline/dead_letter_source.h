// A source that the agent has by itself: gives rows out of the dead letters again, as they were
// when they were rejected. `levada replay` runs it.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/channels/file/log_reader.h"
#include "agent/plugin_host/context.h"
#include "levada/sdk.h"

namespace levada::agent {

// What a filter goes by.
struct DeadLetterFacts {
  uint64_t number = 0;
  std::string_view component, reason;
  bool is_cut = false;  // The letter holds the beginning of a row only.
};

// Which letters are meant. As text: the fields with tabs between.
struct DeadLetterFilter {
  uint64_t upto = 0;          // Letters before this one.
  std::string component;      // Letters of this component; empty: of any.
  std::string reason;         // Letters with a reason that has this text in it.
  bool includes_cut = false;  // Also letters that hold the beginning of a row only.

  bool matches(const DeadLetterFacts& letter) const;
  std::string text() const;
  static std::optional<DeadLetterFilter> parse(std::string_view text);
};

class DeadLetterSource final : public Source {
 public:
  struct Settings {
    std::string folder, filter, owner, component;
    std::vector<std::string> done;
  };
  static constexpr std::array options = {
      required<&Settings::folder>("folder", "The folder of the dead letters."),
      required<&Settings::filter>("filter", "Which letters, as a DeadLetterFilter."),
      required<&Settings::owner>("owner", "Only letters out of the chain of this source or sink."),
      required<&Settings::component>("component", "Only letters of this component."),
      optional<&Settings::done>("done", "[]", "Filters of letters that were given again before."),
  };
  static Result<std::unique_ptr<DeadLetterSource>> create(Settings settings, Host host);
  static const levada_component* component();

  // Position: the number of the next letter. Only looks at the folder:
  // somebody else may write to it.
  Done open(std::span<const Position> positions) override;
  Result<Batch> poll(std::chrono::nanoseconds timeout) override;
  Done acknowledge(std::string_view, std::string_view) override { return {}; }

 private:
  DeadLetterSource(Settings settings, Host host, DeadLetterFilter filter, std::vector<DeadLetterFilter> done)
      : settings_(std::move(settings)), host_(host), filter_(std::move(filter)), done_(std::move(done)) {}
  std::vector<int64_t> matching(const Batch& letters, uint64_t first) const;

  const Settings settings_;
  const Host host_;
  const DeadLetterFilter filter_;
  const std::vector<DeadLetterFilter> done_;
  KeyRing keys_;
  RecoveredLog log_;
  std::optional<LogReader> reader_;
  uint64_t next_letter_ = 0;
};

// Who rejected rows, in whose chain: one pair for each that the filter lets
// through and no done one knows.
struct DeadLetterOrigin {
  std::string owner, component;
  auto operator<=>(const DeadLetterOrigin&) const = default;
};
struct DeadLetterCount {
  DeadLetterOrigin origin;
  int64_t letters = 0;
};
Result<std::vector<DeadLetterCount>> count_dead_letters(const Files& files, const std::string& folder,
                                                        const DeadLetterFilter& filter,
                                                        const std::vector<DeadLetterFilter>& done);
// Letters about rows of that stream.
Result<int64_t> count_dead_letters_of_stream(const Files& files, const std::string& folder, std::string_view stream);
// The components that letters are of.
Result<std::set<std::string>> dead_letter_components(const Files& files, const std::string& folder);
// The number behind the last letter; 0 where there is no folder.
Result<uint64_t> end_of_dead_letters(const Files& files, const std::string& folder);
// Removes letters from the disk up to the first that no filter matches. Only where no agent runs.
Done trim_dead_letters(const Services& services, const std::string& folder, const std::vector<DeadLetterFilter>& done);

}  // namespace levada::agent
