// The conformance tests as a shared library with plain C functions, for conformance.py:
// plugins are loaded as the agent loads them, and every batch that they hand over is also
// shown to a check of the caller's.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "levada/testkit/conformance.h"

using levada::testkit::FakeHost;
using levada::testkit::SharedBatch;
using levada::testkit::Subject;

namespace {

std::string plugin_file;  // Of the plugin that was loaded last.

// Takes the batch over and says what is wrong with it: 0 for nothing.
using Check = int (*)(levada_batch* batch, char* why, size_t room);

std::string checked(const levada_batch& batch, Check check) {
  if (auto fault = levada::testkit::fault_of(batch); !fault.empty()) return fault;
  levada::testkit::LentStructs lent_structs;
  levada_batch share = levada::detail::empty_batch();
  SharedBatch::borrow(batch).lend(share, lent_structs);
  char why[4096] = "";
  const int wrong = check(&share, why, sizeof why);
  levada::detail::release(share);
  if (lent_structs.outstanding() != 0) return "the check did not release the batch";
  return wrong ? std::string("pyarrow: ") + why : "";
}

// Standard input is a file with this text.
void feed_stdin(const std::string& text) {
  const int file = ::memfd_create("stdin", MFD_CLOEXEC);
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  ::lseek(file, 0, SEEK_SET);
  ::dup2(file, STDIN_FILENO);
  ::close(file);
}

}  // namespace

struct ConformanceTest {
  Subject subject;
  std::vector<levada::testkit::Must> musts;
  std::vector<std::pair<std::string, std::string>> files;
  std::string standard_input;
};

extern "C" {

__attribute__((visibility("default"))) const levada_plugin* conformance_load(const char* path, char* why, size_t room) {
  void* library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const auto entry = library ? reinterpret_cast<levada_entry>(::dlsym(library, "levada_plugin_1")) : nullptr;
  plugin_file = path;
  if (!entry) {
    std::strncpy(why, ::dlerror(), room - 1);
    return nullptr;
  }
  return entry() == entry() ? entry() : nullptr;
}

// Null where the plugin has no such component. The texts are copied.
__attribute__((visibility("default"))) ConformanceTest* conformance_test(const levada_plugin* plugin,
                                                                         const char* component, const char* options,
                                                                         Check check) {
  auto test = std::make_unique<ConformanceTest>();
  test->subject.component = levada::testkit::component_of(*plugin, component);
  if (!test->subject.component) return nullptr;
  test->subject.plugin = plugin;
  test->subject.plugin_file = plugin_file;
  test->subject.options = options;
  test->subject.fault = [check](const levada_batch& batch) { return checked(batch, check); };
  test->subject.prepare = [own = test.get()](FakeHost& host) {
    for (const auto& [path, text] : own->files) host.files().write_file(path, text);
    // What was there long before has settled.
    host.clock().advance(std::chrono::hours(1));
    if (!own->standard_input.empty()) feed_stdin(own->standard_input);
  };
  test->musts = levada::testkit::musts_of(test->subject.component->kind);
  return test.release();
}

__attribute__((visibility("default"))) void conformance_add_body(ConformanceTest* test, const char* data, size_t size) {
  test->subject.bodies.emplace_back(data, size);
}

__attribute__((visibility("default"))) void conformance_add_file(ConformanceTest* test, const char* path,
                                                                 const char* data, size_t size) {
  test->files.emplace_back(path, std::string(data, size));
}

__attribute__((visibility("default"))) void conformance_set_stdin(ConformanceTest* test, const char* data,
                                                                  size_t size) {
  test->standard_input.assign(data, size);
}

__attribute__((visibility("default"))) void conformance_add_refused(ConformanceTest* test, const char* options,
                                                                    const char* option) {
  test->subject.refused.push_back({options, option});
}

__attribute__((visibility("default"))) void conformance_set_cuts_matter(ConformanceTest* test) {
  test->subject.cuts_matter = true;
}

// Takes the batch over.
__attribute__((visibility("default"))) void conformance_add_input(ConformanceTest* test, levada_batch* batch) {
  test->subject.inputs.push_back(SharedBatch::adopt(*batch));
}

__attribute__((visibility("default"))) size_t conformance_must_count(const ConformanceTest* test) {
  return test->musts.size();
}

__attribute__((visibility("default"))) const char* conformance_must_name(const ConformanceTest* test, size_t at) {
  return test->musts[at].name;
}

__attribute__((visibility("default"))) void conformance_run(const ConformanceTest* test, size_t at,
                                                            void (*finding)(const char*)) {
  std::vector<std::string> findings;
  test->musts[at].test(test->subject, findings);
  for (const auto& each : findings) finding(each.c_str());
}

__attribute__((visibility("default"))) void conformance_free(ConformanceTest* test) { delete test; }

}  // extern "C"
