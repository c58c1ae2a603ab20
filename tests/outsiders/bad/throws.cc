// An interceptor that throws; the SDK stands between it and the agent.
#include <levada/sdk.h>

#include <stdexcept>

struct Throws final : levada::Interceptor {
  struct Settings {
    bool unused;
  };
  static constexpr std::array options = {levada::optional<&Settings::unused>("unused", "false", "Does nothing.")};
  static levada::Result<std::unique_ptr<Throws>> create(Settings, levada::Host) { return std::make_unique<Throws>(); }
  levada::Done intercept(levada::Batch&) override { throw std::runtime_error("the guarded one has had enough"); }
};

LEVADA_PLUGIN("throws", "1.0.0", "MIT", levada::interceptor<Throws>("throws", "Throws."))
