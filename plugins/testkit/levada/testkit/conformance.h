// The MUSTs of docs/spec as tests that any component can be put to, through the C
// contract as the agent uses it.
//
// In a plugin's test program, next to its own tests:
//   LEVADA_CONFORMANCE(clean_json, [] {
//     auto subject = levada::testkit::subject("clean_json", "repair = [\"nan\"]");
//     subject.bodies = {R"({"a":1})", "[", R"({"a":)"};
//     return subject;
//   });
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "levada/column.h"
#include "levada/plugin.h"
#include "levada/testkit/arrow_check.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/shared_batch.h"

namespace levada::testkit {

// Options that create must refuse.
struct Refused {
  std::string options;
  std::string option;  // Which it must name as the one at fault.
};

// A component and what it is tested with.
struct Subject {
  const levada_component* component = nullptr;
  const levada_plugin* plugin = nullptr;  // That the component is of, or null: then nobody looks at it.
  // The .so, whose symbols are looked at; empty: nobody looks. levada_add_plugin tells it to
  // LEVADA_CONFORMANCE.
  std::string plugin_file;
  std::string options;  // A line for each option, as for Values; what is left out has its default.
  std::vector<Refused> refused;
  std::function<void(FakeHost&)> prepare;  // A source: puts there what it reads. Called anew for each instance's host.
  std::vector<std::string> bodies;         // An interceptor or a sink: bodies that it can make something of.
  std::vector<SharedBatch> inputs;         // And batches of other kinds.
  // Columns that it reads, with a few values each that it can make something of: of these, and of
  // columns with the names in its options, batches are made in slices and with nulls.
  std::vector<Column> columns;
  // A stateful interceptor: options, a line for each, whose state one with `options` cannot go on
  // with.
  std::optional<std::string> other_options;
  // A sink whose files are not text: the rows that it delivered to the disk, as a reader finds
  // them. Without it they are the lines of all files.
  std::function<std::vector<std::string>(FakeHost&)> delivered;
  bool nulls_are_empty = false;  // An interceptor that means to treat a null as an empty text.
  bool cuts_matter = false;      // An interceptor whose rows depend on which rows came in one batch.
  std::function<std::string(const levada_batch&)> fault = fault_of;  // What is wrong with a batch that it hands over.
};

struct Must {
  const char* name;  // "I3_sees_only_the_rows_of_a_slice"
  void (*test)(const Subject&, std::vector<std::string>& findings);
};
// All that a component of this kind must do; a test without findings has passed.
std::vector<Must> musts_of(uint32_t kind);

// Of the plugin that this program is linked with, or of another.
Subject subject(const char* component, std::string options = "");
const levada_component* component_of(const levada_plugin& plugin, std::string_view name);

// Makes a GoogleTest of each MUST, "Conformance_NAME.I3_...".
bool add_conformance_tests(const char* name, const char* plugin_file, const std::function<Subject()>& make);

#ifndef LEVADA_PLUGIN_FILE
#define LEVADA_PLUGIN_FILE ""
#endif
#define LEVADA_CONFORMANCE(name, ...)                               \
  [[maybe_unused]] static const bool levada_conformance_of_##name = \
      levada::testkit::add_conformance_tests(#name, LEVADA_PLUGIN_FILE, __VA_ARGS__)

}  // namespace levada::testkit
