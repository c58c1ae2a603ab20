// An interceptor under test, and what its calls did.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "levada/testkit/conformance_parts.h"

namespace levada::testkit {

// What a call did.
struct Outcome {
  levada_code code = LEVADA_FATAL;
  std::string message;
  std::vector<std::string> rows, rejected;
  std::string fault;              // Of the batch that came back.
  std::string rejected_fault;     // Of the rows that were rejected.
  std::vector<std::string> left;  // The batch after a failed call.
  int64_t outstanding = 0;        // Structs of the input that were never released.
};

// A fresh instance, or one that has been at work.
class TestedInterceptor {
 public:
  explicit TestedInterceptor(const Subject& subject)
      : TestedInterceptor(subject, std::make_shared<FakeHost>("tested")) {}
  TestedInterceptor(const Subject& subject, std::shared_ptr<FakeHost> host)
      : instance_(subject, std::move(host), true) {
    const auto& functions = instance_.functions<levada_interceptor_functions>();
    open_ = instance_.made() && (!functions.open || instance_.call([&](auto* error) {
              return functions.open(instance_.self(), error);
            }) == LEVADA_OK);
  }
  bool open() const { return open_; }
  // Of a plugin that was built before there were states, the two are not there.
  bool has_save() const { return has(functions(), &levada_interceptor_functions::save); }
  bool has_load() const { return has(functions(), &levada_interceptor_functions::load); }
  bool has_deadline() const { return has(functions(), &levada_interceptor_functions::deadline); }
  bool has_advance() const { return has(functions(), &levada_interceptor_functions::advance); }
  bool has_save_changes() const { return has(functions(), &levada_interceptor_functions::save_changes); }
  bool has_load_changes() const { return has(functions(), &levada_interceptor_functions::load_changes); }
  bool advances() const { return has_deadline() && has_advance(); }
  bool is_stateful() const { return has_save() && has_load(); }
  const std::string& message() const { return instance_.message(); }

  // The state; nothing where it could not be saved.
  std::optional<std::string> save() {
    std::string state;
    if (save(functions().save, state) != LEVADA_OK) return std::nullopt;
    return state;
  }
  levada_code load(std::string_view state) {
    return instance_.call([&](auto* error) { return functions().load(instance_.self(), detail::bytes(state), error); });
  }
  // Appends them.
  levada_code save_changes(std::string& to) { return save(functions().save_changes, to); }
  levada_code load_changes(std::string_view changes) {
    return instance_.call(
        [&](auto* error) { return functions().load_changes(instance_.self(), detail::bytes(changes), error); });
  }

  Outcome intercept(const SharedBatch& input);
  // The same, for those who look at what comes back themselves.
  levada_code intercept(levada_batch& batch, levada_batch& rejected) {
    return instance_.call(
        [&](auto* error) { return functions().intercept(instance_.self(), &batch, &rejected, error); });
  }
  // By the monotonic time.
  int64_t deadline() { return functions().deadline(instance_.self()); }
  Outcome advance(int64_t now_ns, bool ended);
  FakeHost& host() { return *instance_.host(); }

 private:
  void note(const Received& rejected, Outcome& outcome);
  levada_code save(decltype(levada_interceptor_functions::save) saver, std::string& to) {
    const auto add = [](void* state, levada_bytes part) {
      static_cast<std::string*>(state)->append(detail::view(part));
    };
    return instance_.call([&](auto* error) { return saver(instance_.self(), add, &to, error); });
  }

  const levada_interceptor_functions& functions() const { return instance_.functions<levada_interceptor_functions>(); }

  Instance instance_;
  bool open_;
};

// Adds a finding for each way in which what was got is not what was expected.
void compare(const Outcome& expected, const Outcome& got, const std::string& what, Findings& findings);

// The MUSTs that are about columns.
std::vector<Must> column_musts();
// The MUSTs of those that give rows later than they came in.
std::vector<Must> advance_musts();
// The MUSTs of those that save changes of their state.
std::vector<Must> change_musts();

}  // namespace levada::testkit
