// What the tests of parse_json share: it is made from options as a user writes them, through the plugin's own table.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"
#include "parse_json.h"

namespace levada::parse_json::parse_json_testing {

struct Outcome {
  Batch batch;
  std::vector<std::string> rejected;  // "row: reason"
};

inline const levada_component& component() { return *levada_plugin_1()->components[0]; }

// Null, and a failure of the test, where the options are refused.
inline std::unique_ptr<ParseJson> made(const std::string& options, testkit::FakeHost& host) {
  const auto values = testkit::Values::parse(component(), options);
  EXPECT_TRUE(values.ok()) << (values.ok() ? "" : values.error().message);
  if (!values.ok()) return nullptr;
  void* self = nullptr;
  levada_error error{};
  EXPECT_EQ(component().create(host.table(), (*values).data(), &self, &error), LEVADA_OK) << error.message;
  const std::unique_ptr<detail::HeldInstance<ParseJson>> held(static_cast<detail::HeldInstance<ParseJson>*>(self));
  return std::move(held->component);
}

// "option: message" of the error that create gives.
inline std::string refusal(const std::string& options) {
  testkit::FakeHost host;
  const auto values = testkit::Values::parse(component(), options);
  if (!values.ok()) return values.error().message;
  void* self = nullptr;
  levada_error error{};
  if (component().create(host.table(), (*values).data(), &self, &error) == LEVADA_OK) {
    component().destroy(self);
    return "taken";
  }
  return std::string(error.option) + ": " + error.message;
}

inline Outcome parsed(Batch batch, const std::string& options, testkit::FakeHost& host) {
  const auto interceptor = made(options, host);
  if (!interceptor) return {};
  EXPECT_TRUE(interceptor->intercept(batch).ok());
  Outcome outcome;
  for (const auto& rejection : batch.rejections())
    outcome.rejected.push_back(std::to_string(rejection.row) + ": " + rejection.reason);
  outcome.batch = std::move(batch);
  return outcome;
}

inline Outcome parsed(Batch batch, const std::string& options) {
  testkit::FakeHost host;
  return parsed(std::move(batch), options, host);
}

}  // namespace levada::parse_json::parse_json_testing
