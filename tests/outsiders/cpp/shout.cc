// An interceptor of an outsider in C++: ends each body with a mark, and
// rejects what is shouted already.
#include <levada/sdk.h>

struct Shout final : levada::Interceptor {
  struct Settings {
    std::string mark;
  };
  static constexpr std::array options = {
      levada::optional<&Settings::mark>("mark", R"("!")", "What each body ends with.")};

  static levada::Result<std::unique_ptr<Shout>> create(Settings settings, levada::Host) {
    if (settings.mark.empty()) return levada::wrong("mark", "must not be empty");
    auto made = std::make_unique<Shout>();
    made->mark = std::move(settings.mark);
    return made;
  }
  levada::Done intercept(levada::Batch& batch) override {
    for (auto event : batch)
      event.body().ends_with(mark) ? event.reject("is shouted already")
                                   : event.set_body(std::string(event.body()) + mark);
    return {};
  }
  std::string mark;
};

LEVADA_PLUGIN("shout", "2.1.0", "MIT", levada::interceptor<Shout>("shout", "Ends each body with a mark."))
