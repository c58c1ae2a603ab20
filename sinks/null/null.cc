// Counts rows and forgets them: for measuring and for trying out what stands before it.
#include "levada/sdk.h"

namespace levada::null {
namespace {

class Null final : public Sink {
 public:
  struct Settings {};
  static constexpr std::array<Option<Settings>, 0> options{};

  static Result<std::unique_ptr<Null>> create(Settings, Host) { return std::make_unique<Null>(); }
  Done open() override { return {}; }
  Result<std::vector<Position>> recover() override { return std::vector<Position>{}; }
  Done write(Batch&, std::chrono::nanoseconds) override { return {}; }
  Done commit(const Checkpoint&, std::chrono::nanoseconds, Batch&) override { return {}; }
};

}  // namespace
}  // namespace levada::null

LEVADA_PLUGIN("null", "0.1.0", "Apache-2.0", levada::sink<levada::null::Null>("null", "Counts rows and forgets them."))
