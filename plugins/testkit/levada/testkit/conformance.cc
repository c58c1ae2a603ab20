// The conformance tests' common parts, and their way into GoogleTest.
#include "levada/testkit/conformance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance_parts.h"

namespace levada::testkit {

Instance::Instance(const Subject& subject, std::shared_ptr<FakeHost> host, bool prepares, bool drains)
    : subject_(&subject), host_(std::move(host)) {
  host_->set_until_drained(drains);
  if (prepares && subject.prepare) subject.prepare(*host_);
  auto values = Values::parse(*subject.component, subject.options);
  if (!values) {
    code_ = LEVADA_FATAL;
    message_ = values.error().message;
    return;
  }
  call([&](levada_error* error) { return subject.component->create(host_->table(), values->data(), &self_, error); });
  if (code_ != LEVADA_OK) self_ = nullptr;
}

void Instance::end() {
  if (self_ != nullptr) subject_->component->destroy(self_);
  self_ = nullptr;
}

namespace {

template <class Functions>
levada_code close(Instance& instance, std::chrono::nanoseconds timeout) {
  const auto& functions = instance.functions<Functions>();
  if (!has(functions, &Functions::close)) return LEVADA_OK;
  return instance.call([&](auto* error) { return functions.close(instance.self(), timeout.count(), error); });
}

levada_code close(Instance& instance, std::chrono::nanoseconds timeout) {
  switch (instance.subject().component->kind) {
    case LEVADA_SOURCE: return close<levada_source_functions>(instance, timeout);
    case LEVADA_INTERCEPTOR: return close<levada_interceptor_functions>(instance, timeout);
    default: return close<levada_sink_functions>(instance, timeout);
  }
}

}  // namespace

std::string close_fault(Instance& instance) {
  constexpr int kTriesMax = 2'000;
  constexpr auto kTimeout = std::chrono::milliseconds(100);
  auto& clock = instance.host()->clock();
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const auto before = clock.monotonic();
    const auto code = close(instance, kTimeout);
    if (clock.monotonic() - before > kTimeout) return "close waited for longer than it may";
    if (code == LEVADA_OK) return "";
    if (code != LEVADA_IDLE) return "close gave " + name_of(code) + ": " + instance.message();
    clock.advance(kTimeout);
  }
  return "close does not come to an end";
}

std::map<std::string, std::string> disk_of(const FakeHost& host, MemoryFiles& files) {
  std::map<std::string, std::string> disk;
  for (const auto& path : files.paths())
    if (!path.starts_with(host.data_dir())) disk[path] = files.read_file(path);
  return disk;
}

std::string name_of(levada_code code) {
  constexpr const char* kNames[] = {"OK", "IDLE", "END", "RETRY", "REJECT", "FATAL"};
  return code >= LEVADA_OK && code <= LEVADA_FATAL ? kNames[code] : "the unknown code " + std::to_string(code);
}

std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& got) {
  for (size_t at = 0; at < std::max(expected.size(), got.size()); ++at) {
    if (at >= expected.size()) return "row " + std::to_string(at) + " is one too many: " + got[at];
    if (at >= got.size()) return "row " + std::to_string(at) + " is missing: " + expected[at];
    if (expected[at] != got[at]) return "row " + std::to_string(at) + " is " + got[at] + " instead of " + expected[at];
  }
  return "";
}

// ---- inputs
// -------------------------------------------------------------------------------------------------

Batch plain_input(const Subject& subject) { return batch_of(subject.bodies); }

SharedBatch dictionary_input(const Subject& subject) {
  TextBuilder distinct;
  ValueBuilder<int32_t> indices;
  // Backwards, so that no index is its row.
  const auto count = static_cast<int32_t>(subject.bodies.size());
  for (auto body = subject.bodies.rbegin(); body != subject.bodies.rend(); ++body) distinct.append(*body);
  for (int32_t row = 0; row < count; ++row) indices.append(count - 1 - row);
  Batch batch(count);
  batch.set(std::move(indices).finish("body", std::move(distinct).finish("", Type::text)));
  return SharedBatch::of(batch);
}

SharedBatch foreign_input() {
  auto batch = batch_of({"one", "two"});
  batch.set(value_column<int64_t>("strange", Type::int64, {1, 2}));
  levada_batch c = detail::empty_batch();
  batch.share(c);
  c.schema.children[1]->format = "?";
  return SharedBatch::adopt(c);
}

std::vector<Input> inputs_of(const Subject& subject) {
  const auto rows = static_cast<int64_t>(subject.bodies.size());
  const Batch plain = plain_input(subject);
  std::vector<Input> inputs = {{"plain", SharedBatch::of(plain)}, {"empty", SharedBatch::of(batch_of({}))}};
  if (rows > 2) {
    inputs.push_back({"sliced", inputs[0].batch.sliced(1, rows - 2)});
    inputs.push_back({"sliced in its columns", inputs[0].batch.sliced_in_columns(1, rows - 2)});
  }
  std::vector<std::optional<std::string>> sparse;
  for (const auto& body : subject.bodies) sparse.insert(sparse.end(), {std::nullopt, body, std::nullopt});
  Batch nulls(static_cast<int64_t>(sparse.size()));
  nulls.set(text_column("body", sparse, Type::bytes));
  inputs.push_back({"full of nulls", SharedBatch::of(nulls)});
  inputs.push_back({"full of nulls, sliced", SharedBatch::of(nulls).sliced(1, nulls.rows() - 1)});
  Subject texts = subject;
  std::erase_if(texts.bodies, [](const auto& body) { return !is_utf8(body); });
  inputs.push_back({"dictionary", dictionary_input(texts)});

  Batch wide = plain;
  const auto count = static_cast<size_t>(rows);
  wide.set(repeat("extra_dictionary", "always the same text", rows));
  wide.set(value_column<int64_t>("extra_integer", Type::int64, std::vector<std::optional<int64_t>>(count, -7)));
  wide.set(value_column<int64_t>("extra_time", Type::timestamp,
                                 std::vector<std::optional<int64_t>>(count, 1'767'225'600'000'000)));
  wide.set(
      value_column<double>("extra_number", Type::float64, std::vector<std::optional<double>>(count, std::nullopt)));
  wide.set(boolean_column("extra_boolean", std::vector<std::optional<bool>>(count, true)));
  wide.set(text_column("extra_text",
                       std::vector<std::optional<std::string>>(count, "longer than the twelve bytes of a view")));
  inputs.push_back({"every type", SharedBatch::of(wide)});
  if (rows > 2) inputs.push_back({"every type, sliced", SharedBatch::of(wide).sliced(1, rows - 2)});
  wide.remove("body");
  inputs.push_back({"no body", SharedBatch::of(wide)});
  for (size_t at = 0; at < subject.inputs.size(); ++at)
    inputs.push_back({"input " + std::to_string(at), subject.inputs[at]});
  return inputs;
}

// ---- tests
// -------------------------------------------------------------------------------------------------

std::vector<Must> musts_of(uint32_t kind) {
  auto all = plugin_musts();
  const auto own = kind == LEVADA_SOURCE        ? source_musts()
                   : kind == LEVADA_INTERCEPTOR ? interceptor_musts()
                                                : sink_musts();
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

const levada_component* component_of(const levada_plugin& plugin, std::string_view name) {
  for (size_t at = 0; at < plugin.component_count; ++at)
    if (plugin.components[at]->name == name) return plugin.components[at];
  return nullptr;
}

namespace {

class MustTest : public testing::Test {
 public:
  MustTest(const Must& must, std::function<Subject()> make) : must_(must), make_(std::move(make)) {}
  void TestBody() override {
    const FakeHost counts;  // The batches of the test lie in memory that is counted, too.
    Findings findings;
    must_.test(make_(), findings);
    for (const auto& finding : findings) ADD_FAILURE() << finding;
  }

 private:
  Must must_;
  std::function<Subject()> make_;
};

}  // namespace

bool add_conformance_tests(const char* name, const char* plugin_file, const std::function<Subject()>& make_subject) {
  const auto make = [make_subject, file = std::string(plugin_file)] {
    auto subject = make_subject();
    if (subject.plugin_file.empty()) subject.plugin_file = file;
    return subject;
  };
  const Subject first = make();
  const std::string suite = std::string("Conformance_") + name;
  if (!first.component) {
    testing::RegisterTest(
        suite.c_str(), "there_is_such_a_component", nullptr, nullptr, __FILE__, __LINE__, []() -> testing::Test* {
          return new MustTest(
              {"", [](const Subject&, Findings& findings) { findings.push_back("the plugin has no such component"); }},
              [] { return Subject(); });
        });
    return false;
  }
  for (const auto& must : musts_of(first.component->kind))
    testing::RegisterTest(suite.c_str(), must.name, nullptr, nullptr, __FILE__, __LINE__,
                          [must, make]() -> testing::Test* { return new MustTest(must, make); });
  return true;
}

}  // namespace levada::testkit
