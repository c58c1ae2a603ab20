// Components of the C++ SDK, built with a plugin.h that has more at the end of every
// struct, as a later version will.
#include <levada/sdk.h>

#ifndef LEVADA_LATER
#error "this is to be built with the later header"
#endif

namespace {

using namespace levada;

struct Nothing {
  bool unused = false;
};
constexpr std::array kNoOptions = {levada::optional<&Nothing::unused>("unused", "false", "Does nothing.")};

class Numbers : public Source {
 public:
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Numbers>> create(Settings, Host) { return std::make_unique<Numbers>(); }
  Done open(std::span<const Position>) override { return {}; }
  Result<Batch> poll(std::chrono::nanoseconds) override {
    if (next_ == 3) return end();
    TextBuilder bodies(1);
    bodies.append("row " + std::to_string(next_++));
    Batch batch(1);
    batch.set(std::move(bodies).finish("body", Type::bytes));
    batch.position = std::to_string(next_);
    return batch;
  }
  Done acknowledge(std::string_view, std::string_view) override { return {}; }

 private:
  int next_ = 0;
};

class Shout : public Interceptor {
 public:
  using Settings = Nothing;
  static constexpr auto options = kNoOptions;
  static Result<std::unique_ptr<Shout>> create(Settings, Host) { return std::make_unique<Shout>(); }
  Done intercept(Batch& batch) override {
    for (auto event : batch) {
      if (event.body() == "row 1") event.reject("is odd");
      else event.set_body(std::string(event.body()) + "!");
    }
    return {};
  }
};

}  // namespace

LEVADA_PLUGIN("later_sdk", "1.0.0", "Apache-2.0", levada::source<Numbers>("later_sdk_numbers", "Gives three rows."),
              levada::interceptor<Shout>("later_sdk_shout", "Shouts."))
