// docs/spec/plugin.md as tests: what every component must do, of whatever kind it is.
#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include "levada/testkit/conformance_parts.h"
#include "levada/testkit/exported_symbols.h"
#include "levada/testkit/malloc_use.h"

namespace levada::testkit {

namespace {

bool is_snake_case(std::string_view name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && name.back() != '_' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos && name.find("__") == name.npos;
}

std::string summary_fault(const char* summary) {
  const std::string_view text = summary ? summary : "";
  if (text.size() < 4 || text.back() != '.') return "its summary is no sentence that ends with a full stop";
  if (text.find('\n') != text.npos) return "its summary has more than one line";
  return "";
}

template <class Functions, class... Function>
bool has_all(const levada_component& component, size_t size_min, Function Functions::*... needed) {
  const auto& functions = *static_cast<const Functions*>(component.functions);
  return functions.size >= size_min && (has(functions, needed) && ...);
}

void exports_its_entry_and_nothing_else(const Subject& subject, Findings& findings) {
  if (subject.plugin_file.empty()) return;
  auto symbols = exported_symbols(subject.plugin_file);
  if (!symbols) return findings.push_back(symbols.error().message);
  if (std::erase(*symbols, "levada_plugin_1") == 0) findings.push_back("it does not export levada_plugin_1");
  if (symbols->empty()) return;
  std::string names;
  for (size_t at = 0; at < std::min<size_t>(symbols->size(), 5); ++at) names += (at ? ", " : "") + (*symbols)[at];
  findings.push_back("it exports " + std::to_string(symbols->size()) + " symbols more (" + names +
                     (symbols->size() > 5 ? ", ..." : "") +
                     "): link it with -Wl,--version-script=plugin.map, as levada_add_plugin does");
}

void says_what_it_is(const Subject& subject, Findings& findings) {
  if (!subject.plugin) return;
  const auto& plugin = *subject.plugin;
  if (plugin.size < LEVADA_PLUGIN_SIZE_MIN)
    return findings.push_back("its size is too small for version 1.0 of the contract");
  const std::pair<const char*, const char*> texts[] = {
      {"name", plugin.name}, {"version", plugin.version}, {"license", plugin.license}};
  for (const auto& [name, text] : texts)
    if (!text || !*text) findings.push_back("it has no " + std::string(name));
  if (plugin.component_count == 0) findings.push_back("it has no components");
}

void describes_itself(const Subject& subject, Findings& findings) {
  const auto& component = *subject.component;
  if (component.size < LEVADA_COMPONENT_SIZE_MIN)
    findings.push_back("its size is too small for version 1.0 of the contract");
  if (!is_snake_case(component.name)) findings.push_back("its name is not in snake_case");
  if (auto fault = summary_fault(component.summary); !fault.empty()) findings.push_back(fault);
  if (!component.create || !component.destroy) findings.push_back("create or destroy is missing");
  bool complete = component.functions != nullptr;
  using Sources = levada_source_functions;
  using Sinks = levada_sink_functions;
  if (!complete) {
  } else if (component.kind == LEVADA_SOURCE) {
    complete = has_all(component, LEVADA_SOURCE_FUNCTIONS_SIZE_MIN, &Sources::promises, &Sources::open, &Sources::poll,
                       &Sources::acknowledge);
  } else if (component.kind == LEVADA_INTERCEPTOR) {
    complete = has_all(component, LEVADA_INTERCEPTOR_FUNCTIONS_SIZE_MIN, &levada_interceptor_functions::intercept);
  } else if (component.kind == LEVADA_SINK) {
    complete = has_all(component, LEVADA_SINK_FUNCTIONS_SIZE_MIN, &Sinks::promises, &Sinks::open, &Sinks::recover,
                       &Sinks::write, &Sinks::commit);
  } else {
    findings.push_back("its kind is none of the contract");
  }
  if (!complete) findings.push_back("a function that its kind needs is missing");
}

void declares_options(const Subject& subject, Findings& findings) {
  std::set<std::string_view> names;
  for (size_t at = 0; at < subject.component->option_count; ++at) {
    const levada_option& option = subject.component->options[at];
    const auto add = [&](const std::string& what) {
      findings.push_back("option " + std::string(option.name ? option.name : "<null>") + ": " + what);
    };
    if (!option.name || !is_snake_case(option.name)) {
      add("its name is not in snake_case");
      continue;
    }
    if (!names.insert(option.name).second) add("another option has that name");
    if (auto fault = summary_fault(option.summary); !fault.empty()) add(fault);
    if (option.type > LEVADA_TREE) add("its type is none of the contract");
    if (option.flags & ~uint32_t{LEVADA_REQUIRED | LEVADA_SECRET | LEVADA_ADVANCED | LEVADA_READS_FOLDER |
                                 LEVADA_WRITES_FOLDER | LEVADA_OF_AGENT})
      add("it has flags that the contract does not have");
    if (option.type == LEVADA_CHOICE && choices_of(option).empty()) add("a choice needs choices");
    if (option.choices && option.type != LEVADA_CHOICE && option.type != LEVADA_STRINGS)
      add("it has choices, but is none");
    if (option.fallback && (option.flags & LEVADA_REQUIRED)) add("it is required and has a default");
    if (option.fallback)
      if (auto done = check_value(option, option.fallback); !done)
        add("its default is no value of it: " + done.error().message);
  }
}

void creates(const Subject& subject, Findings& findings) {
  const Instance instance(subject);
  if (!instance.made()) findings.push_back("create gave " + name_of(instance.code()) + ": " + instance.message());
}

void touches_nothing_in_create(const Subject& subject, Findings& findings) {
  const auto host = std::make_shared<FakeHost>("tested");
  if (subject.prepare) subject.prepare(*host);
  const auto before = host->files().calls();
  const Instance instance(subject, host, false);
  if (host->files().calls() != before) findings.push_back("create touched the disk");
}

void names_what_it_refuses(const Subject& subject, Findings& findings) {
  for (const auto& refused : subject.refused) {
    auto values = Values::parse(*subject.component, refused.options);
    const auto add = [&](const std::string& what) { findings.push_back("given " + refused.options + ": " + what); };
    if (!values) {
      add("the test's own options are wrong: " + values.error().message);
      continue;
    }
    FakeHost host;
    levada_error error{};
    void* self = nullptr;
    if (subject.component->create(host.table(), values->data(), &self, &error) == LEVADA_OK) {
      add("create accepted it");
      subject.component->destroy(self);
      continue;
    }
    if (refused.option != error.option)
      add("create blamed option \"" + std::string(error.option) + "\": " + error.message);
    if (*error.message == '\0') add("create did not say why");
    if (std::strchr(error.message, '\n')) add("the message has more than one line");
  }
}

// Opens it and lets it do what it does first. Gives what it handed over.
std::vector<std::unique_ptr<Received>> use(Instance& instance, Findings& findings) {
  std::vector<std::unique_ptr<Received>> received;
  const auto room = [&]() -> levada_batch* { return &received.emplace_back(std::make_unique<Received>())->batch; };
  void* self = instance.self();
  const auto expect = [&](levada_code code, const char* what) {
    if (code != LEVADA_OK && code != LEVADA_IDLE && code != LEVADA_END && code != LEVADA_REJECT)
      findings.push_back(std::string(what) + " gave " + name_of(code) + ": " + instance.message());
  };
  switch (instance.subject().component->kind) {
    case LEVADA_SOURCE: {
      const auto& functions = instance.functions<levada_source_functions>();
      expect(instance.call([&](auto* error) { return functions.open(self, nullptr, 0, error); }), "open");
      auto* out = room();
      expect(instance.call([&](auto* error) { return functions.poll(self, 0, out, error); }), "poll");
      return received;
    }
    case LEVADA_INTERCEPTOR: {
      const auto& functions = instance.functions<levada_interceptor_functions>();
      if (functions.open) expect(instance.call([&](auto* error) { return functions.open(self, error); }), "open");
      LentStructs lent_structs;
      auto *batch = room(), *rejected = room();
      SharedBatch::of(plain_input(instance.subject())).lend(*batch, lent_structs);
      expect(instance.call([&](auto* error) { return functions.intercept(self, batch, rejected, error); }),
             "intercept");
      return received;
    }
    default: {
      const auto& functions = instance.functions<levada_sink_functions>();
      expect(instance.call([&](auto* error) { return functions.open(self, error); }), "open");
      const auto ignore = [](void*, const levada_position*) {};
      expect(instance.call([&](auto* error) { return functions.recover(self, ignore, nullptr, error); }), "recover");
      return received;
    }
  }
}

// What an instance leaves behind: an interceptor that has been at work, any other that was created
// only.
size_t bytes_left_by_each_instance(const Subject& subject) {
  const auto host = std::make_shared<FakeHost>("tested");
  host->take_away(LEVADA_LOG);  // It keeps what is logged.
  if (subject.prepare) subject.prepare(*host);
  return bytes_left_by_each([&] {
    Findings ignored;
    Instance instance(subject, host, false);
    if (instance.made() && subject.component->kind == LEVADA_INTERCEPTOR) use(instance, ignored);
  });
}

void frees_everything(const Subject& subject, Findings& findings) {
  if (const auto left = bytes_left_by_each_instance(subject))
    findings.push_back("an instance leaves " + std::to_string(left) + " bytes of malloc behind, each time");
  const auto host = std::make_shared<FakeHost>("tested");
  const auto before = memory_in_use();
  {
    Instance instance(subject, host, true);
    if (instance.made()) use(instance, findings);
  }
  if (memory_in_use() != before)
    findings.push_back(std::to_string(memory_in_use() - before) + " bytes are still held after destroy");
  if (host->files().open_handles() != 0) findings.push_back("files are still open after destroy");
}

void keeps_instances_apart(const Subject& subject, Findings& findings) {
  Instance one(subject);
  {
    Instance other(subject);
    if (!one.made() || !other.made()) return findings.push_back("two instances cannot be made");
    use(other, findings);
  }
  use(one, findings);
}

void takes_memory_of_its_own_host(const Subject& subject, Findings& findings) {
  const auto first = std::make_shared<FakeHost>("tested"), second = std::make_shared<FakeHost>("tested");
  {
    Instance one(subject, first, true), other(subject, second, true);
    if (!one.made() || !other.made()) return findings.push_back("two instances cannot be made");
    Findings ignored;
    // What the test itself makes lies in neither host's memory.
    const FakeHost own;
    const auto kept = use(one, ignored);
    const auto before = first->memory_in_use();
    const auto more = use(other, ignored);
    if (first->memory_in_use() != before)
      findings.push_back("it made a batch in the memory of another instance's host");
  }
  for (const auto& host : {first, second})
    if (host->memory_in_use() != 0) findings.push_back("memory did not go back to the host that it came from");
}

void closes(const Subject& subject, Findings& findings) {
  const auto before = memory_in_use();
  const auto host = std::make_shared<FakeHost>("tested");
  {
    Instance instance(subject, host, true);
    if (!instance.made()) return;
    Findings ignored;
    use(instance, ignored);
    if (auto fault = close_fault(instance); !fault.empty()) findings.push_back(fault);
  }
  if (memory_in_use() != before) findings.push_back("memory is still held after close and destroy");
  if (host->files().open_handles() != 0) findings.push_back("files are still open after close and destroy");
}

void knows_its_extensions(const Subject& subject, Findings& findings) {
  if (!has(*subject.component, &levada_component::extension)) return;
  Instance instance(subject);
  if (!instance.made()) return;
  for (const char* id : {"levada.no_such_service/1", ""})
    if (subject.component->extension(instance.self(), id))
      findings.push_back("it gave a service for the unknown id \"" + std::string(id) + "\"");
}

void fills_no_more_than_the_room_there_is(const Subject& subject, Findings& findings) {
  Instance instance(subject);
  if (!instance.made()) return;
  Findings ignored;
  for (const auto& each : use(instance, ignored))
    if (each->overflowed()) findings.push_back("it wrote over the size of a batch, or behind it");
}

void does_without_optional_services(const Subject& subject, Findings& findings) {
  const auto host = std::make_shared<FakeHost>("tested");
  host->take_away(LEVADA_LOG);
  host->take_away(LEVADA_METRICS);
  Instance instance(subject, host, true);
  if (!instance.made())
    return findings.push_back("create gave " + name_of(instance.code()) + ": " + instance.message());
  use(instance, findings);
}

}  // namespace

std::vector<Must> plugin_musts() {
  return {
      {"P1_exports_its_entry_and_nothing_else", exports_its_entry_and_nothing_else},
      {"P2_says_what_it_is", says_what_it_is},
      {"P3_describes_itself", describes_itself},
      {"P4_declares_legal_options", declares_options},
      {"P5_creates_from_legal_options", creates},
      {"P6_touches_nothing_in_create", touches_nothing_in_create},
      {"P7_names_the_option_that_it_refuses", names_what_it_refuses},
      {"P8_frees_everything_in_destroy", frees_everything},
      {"P9_keeps_instances_apart", keeps_instances_apart},
      {"P10_does_without_optional_services", does_without_optional_services},
      {"P14_takes_memory_of_its_own_host", takes_memory_of_its_own_host},
      {"P15_closes", closes},
      {"P16_knows_its_extensions", knows_its_extensions},
      {"P17_fills_no_more_than_the_room_there_is", fills_no_more_than_the_room_there_is},
  };
}

}  // namespace levada::testkit
