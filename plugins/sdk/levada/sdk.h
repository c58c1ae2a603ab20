// What a plugin author includes: three classes to derive from, and LEVADA_PLUGIN to export them.
//
// A component is a class with `struct Settings`, `static constexpr std::array options`, and
//   static Result<std::unique_ptr<Self>> create(Settings, Host);   checks the settings, no more
// and, where it has services for the host,
//   const void* extension(std::string_view id);                    see levada_component
// Exceptions that it lets out become FATAL with their text.
#pragma once

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>

#include "levada/batch.h"
#include "levada/host.h"
#include "levada/options.h"
#include "levada/plugin.h"
#include "levada/result.h"

namespace levada {

// Where a stream stands.
struct Position {
  std::string stream;
  std::string position;
  uint64_t sequence = 0;
  bool operator==(const Position&) const = default;
};

// How far each stream has got; see levada_checkpoint.
struct Checkpoint {
  std::vector<Position> positions;
  uint64_t epoch = 0;
};

// See levada_source_functions for what each call promises.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool replays() const { return true; }
  virtual Done open(std::span<const Position> positions) = 0;
  // A batch with its stream and position; idle() where there are no rows, end() where there will be
  // none.
  virtual Result<Batch> poll(std::chrono::nanoseconds timeout) = 0;
  virtual Done acknowledge(std::string_view stream, std::string_view position) = 0;
  // Ends a poll that waits, or else the next one. From any thread.
  virtual void wake() {}
  // Whether nothing is polled for lack of room downstream. From any thread.
  virtual void back_pressure(bool /*on*/) {}
  // Comes before the destructor, if open came: what needs the network, the disk or time belongs
  // here, where an error is seen. idle(): call again.
  virtual Done close(std::chrono::nanoseconds /*timeout*/) { return {}; }
};

// See levada_interceptor_functions.
class Interceptor {
 public:
  virtual ~Interceptor() = default;
  virtual Done open() { return {}; }
  // Changes the batch in place: its columns, batch.drop(row), batch.reject(row, reason), or row by
  // row.
  virtual Done intercept(Batch& batch) = 0;
  // See Source::close.
  virtual Done close(std::chrono::nanoseconds /*timeout*/) { return {}; }
};

// An interceptor whose output depends on rows that came before: it stands in front of a sink, and
// the host keeps its state with the sink's commits.
class StatefulInterceptor : public Interceptor {
 public:
  // The whole state, appended to `to`.
  virtual Done save(std::string& to) = 0;
  // Puts this state in place of the one it has; an empty one is that before the first row.
  // reject(why) says that it is sound, but of other options; fatal(why) that it is damaged.
  virtual Done load(std::string_view state) = 0;
  // Who has a large state overrides the next two as well.
  // What has changed since the last save or save_changes, appended to `to`; idle() where that is
  // not known: the whole is saved then.
  virtual Done save_changes(std::string& /*to*/) { return idle(); }
  // Brings the state that was loaded up to these changes; they come in the order in which they were
  // saved.
  virtual Done load_changes(std::string_view /*changes*/) { return fatal("it saves no changes of its state"); }
  // Who gives rows later than they came in overrides the next two.
  // When advance is to be called, by Host::monotonic; the default is only at the end of intake.
  virtual std::chrono::nanoseconds deadline() { return std::chrono::nanoseconds::max(); }
  // Rows that are due, which may be rejected as those of intercept; called again until it says
  // idle(). `ended`: no row will come any more, and what is still held goes now.
  virtual Result<Batch> advance(std::chrono::nanoseconds /*now*/, bool /*ended*/) { return idle(); }
};

// See levada_sink_functions.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool keeps_checkpoint() const { return false; }
  virtual Done open() = 0;
  virtual Result<std::vector<Position>> recover() = 0;
  // Takes the batch (and may move out of it), or gives idle() and leaves it as it is. Rows that can
  // never be written: batch.reject(row, reason), here or in commit on a batch that the sink kept.
  virtual Done write(Batch& batch, std::chrono::nanoseconds timeout) = 0;
  // Rows that turn out to be unwritable only now go to `rejected`, a batch with a column "reason";
  // from a sink that keeps its checkpoint with idle(), before anything of the commit is durable.
  virtual Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Batch& rejected) = 0;
  virtual Done idle() { return {}; }
  // See Source::close.
  virtual Done close(std::chrono::nanoseconds /*timeout*/) { return {}; }
};

namespace detail {

inline levada_code report(const Error& error, levada_error* to) {
  const auto copy = [](const std::string& from, char* at, size_t room) {
    const size_t length = std::min(from.size(), room - 1);
    std::memcpy(at, from.data(), length);
    at[length] = '\0';
  };
  copy(error.message, to->message, sizeof to->message);
  copy(error.option, to->option, sizeof to->option);
  return static_cast<levada_code>(error.code);
}

// Runs it; turns its outcome, or an exception that it lets out, into a code and a message.
template <class Function>
levada_code guarded(levada_error* error, Function&& function) noexcept {
  try {
    const Done done = function();
    return done ? LEVADA_OK : report(done.error(), error);
  } catch (const std::exception& exception) {
    return report(fatal(exception.what()), error);
  } catch (...) {
    return report(fatal("threw something that is no std::exception"), error);
  }
}

template <class Settings, size_t count>
constexpr std::array<levada_option, count> describe_all(const std::array<Option<Settings>, count>& options) {
  std::array<levada_option, count> all{};
  for (size_t at = 0; at < count; ++at) all[at] = options[at].description;
  return all;
}

// An instance, as `self` points to it.
template <class Component>
struct HeldInstance {
  std::unique_ptr<Component> component;
  const levada_memory* memory;   // Of its host.
  std::string stream, position;  // Of the last batch that poll gave: they stay valid until the next.
};

// Runs a call of an instance; the buffers that it makes come from the instance's host.
template <class Component, class Function>
levada_code run(void* self, levada_error* error, Function&& function) noexcept {
  auto& held = *static_cast<HeldInstance<Component>*>(self);
  const MemoryScope scope(held.memory);
  return guarded(error, [&]() -> Done { return function(*held.component); });
}

// A call that has no way to say that it failed.
template <class Component, class Function>
void run(void* self, Function&& function) noexcept {
  levada_error ignored;
  run<Component>(self, &ignored, [&](Component& component) -> Done {
    function(component);
    return {};
  });
}

template <class Component>
levada_code create(const levada_host* host, const levada_value* values, void** self, levada_error* error) {
  return guarded(error, [&]() -> Done {
    const Host given(host);
    const auto scope = given.memory_scope();
    typename Component::Settings settings{};
    for (const auto& option : Component::options) option.assign(settings, *values++);
    auto made = Component::create(std::move(settings), given);
    if (!made) return std::move(made).error();
    *self = new HeldInstance<Component>{*std::move(made), given.memory(), {}, {}};
    return {};
  });
}

template <class Component>
void destroy(void* self) {
  auto* held = static_cast<HeldInstance<Component>*>(self);
  const MemoryScope scope(held->memory);
  delete held;
}

template <class Component>
constexpr decltype(levada_component::extension) extension() {
  if constexpr (requires(Component component) { component.extension(std::string_view()); })
    return [](void* self, const char* id) {
      const void* found = nullptr;
      run<Component>(self, [&](Component& component) { found = component.extension(id); });
      return found;
    };
  return nullptr;
}

// By the kind's class: a component may have a close of its own besides.
template <class Kind, class Component>
levada_code close(void* self, int64_t timeout_ns, levada_error* error) {
  return run<Component>(self, error, [&](Kind& kind) { return kind.close(std::chrono::nanoseconds(timeout_ns)); });
}

template <class Component>
const levada_component* component(uint32_t kind, const char* name, const char* summary, const void* functions) {
  static constexpr auto options = describe_all(Component::options);
  static const levada_component described = {sizeof described,
                                             kind,
                                             name,
                                             summary,
                                             options.data(),
                                             options.size(),
                                             functions,
                                             create<Component>,
                                             destroy<Component>,
                                             extension<Component>()};
  return &described;
}

// The two texts would point into a batch that is gone: the host knows them.
inline void hand_over(const Batch& rows, levada_batch* to) {
  rows.share(*to);
  to->stream = to->position = {};
}

inline void hand_over_rejected(const Batch& input, std::span<const Rejection> rejections, levada_batch* rejected) {
  if (!rejections.empty()) hand_over(Batch::rejected(input, rejections), rejected);
}

template <class Component>
constexpr decltype(levada_source_functions::wake) waker() {
  // What the class does not override is null in the contract.
  if constexpr (!std::same_as<decltype(&Component::wake), decltype(&Source::wake)>)
    return [](void* self) { run<Component>(self, [](Component& component) { component.wake(); }); };
  return nullptr;
}

template <class Component>
constexpr decltype(levada_source_functions::back_pressure) back_pressure() {
  if constexpr (!std::same_as<decltype(&Component::back_pressure), decltype(&Source::back_pressure)>)
    return [](void* self, int32_t on) {
      run<Component>(self, [&](Component& component) { component.back_pressure(on != 0); });
    };
  return nullptr;
}

template <class Component>
constexpr bool advances() {
  if constexpr (std::derived_from<Component, StatefulInterceptor>)
    return !std::same_as<decltype(&Component::advance), decltype(&StatefulInterceptor::advance)>;
  return false;
}

template <class Component>
constexpr decltype(levada_interceptor_functions::deadline) deadline() {
  if constexpr (advances<Component>())
    return [](void* self) {
      // One that cannot say when it is due is asked at once, and says why then.
      int64_t due = 0;
      run<Component>(self, [&](Component& component) { due = component.deadline().count(); });
      return due;
    };
  return nullptr;
}

template <class Component>
constexpr decltype(levada_interceptor_functions::advance) advancer() {
  if constexpr (advances<Component>())
    return
        [](void* self, int64_t now_ns, int32_t ended, levada_batch* out, levada_batch* rejected, levada_error* error) {
          return run<Component>(self, error, [&](Component& component) -> Done {
            auto given = component.advance(std::chrono::nanoseconds(now_ns), ended != 0);
            if (!given) return std::move(given).error();
            const Batch all = *given;
            given->apply();
            hand_over_rejected(all, given->rejections(), rejected);
            hand_over(*given, out);
            return {};
          });
        };
  return nullptr;
}

using Save = decltype(levada_interceptor_functions::save);
using Load = decltype(levada_interceptor_functions::load);

template <class Component, Done (StatefulInterceptor::*save)(std::string&)>
levada_code hand_over_state(void* self, void (*part)(void*, levada_bytes), void* to, levada_error* error) {
  return run<Component>(self, error, [&](Component& component) -> Done {
    std::string state;
    LEVADA_TRY((component.*save)(state));
    part(to, bytes(state));
    return {};
  });
}

template <class Component>
constexpr Save saver() {
  if constexpr (std::derived_from<Component, StatefulInterceptor>)
    return hand_over_state<Component, &StatefulInterceptor::save>;
  return nullptr;
}

template <class Component, Done (StatefulInterceptor::*load)(std::string_view)>
constexpr Load loader() {
  if constexpr (std::derived_from<Component, StatefulInterceptor>)
    return [](void* self, levada_bytes state, levada_error* error) {
      return run<Component>(self, error, [&](Component& component) { return (component.*load)(view(state)); });
    };
  return nullptr;
}

template <class Component>
constexpr std::pair<Save, Load> calls_for_changes() {
  if constexpr (std::derived_from<Component, StatefulInterceptor>)
    if constexpr (!std::same_as<decltype(&Component::save_changes), decltype(&StatefulInterceptor::save_changes)>)
      return {hand_over_state<Component, &StatefulInterceptor::save_changes>,
              loader<Component, &StatefulInterceptor::load_changes>()};
  return {};
}

}  // namespace detail

template <class Component>
const levada_component* source(const char* name, const char* summary) {
  static const levada_source_functions functions = {
      sizeof functions,
      [](void* self) {
        uint32_t promises = 0;
        detail::run<Component>(self, [&](Source& source) { promises = source.replays() ? LEVADA_REPLAYS : 0; });
        return promises;
      },
      [](void* self, const levada_position* positions, size_t count, levada_error* error) {
        return detail::run<Component>(self, error, [&](Source& source) {
          std::vector<Position> all;
          for (size_t at = 0; at < count; ++at)
            all.push_back({std::string(detail::view(positions[at].stream)),
                           std::string(detail::view(positions[at].position)), positions[at].sequence});
          return source.open(all);
        });
      },
      [](void* self, int64_t timeout_ns, levada_batch* out, levada_error* error) {
        return detail::run<Component>(self, error, [&](Source& source) -> Done {
          auto batch = source.poll(std::chrono::nanoseconds(timeout_ns));
          if (!batch) return std::move(batch).error();
          batch->share(*out);
          auto& held = *static_cast<detail::HeldInstance<Component>*>(self);
          held.stream = std::move(batch->stream);
          held.position = std::move(batch->position);
          out->stream = detail::bytes(held.stream);
          out->position = detail::bytes(held.position);
          return {};
        });
      },
      [](void* self, levada_bytes stream, levada_bytes position, levada_error* error) {
        return detail::run<Component>(self, error, [&](Source& source) {
          return source.acknowledge(detail::view(stream), detail::view(position));
        });
      },
      detail::waker<Component>(),
      detail::back_pressure<Component>(),
      detail::close<Source, Component>};
  return detail::component<Component>(LEVADA_SOURCE, name, summary, &functions);
}

template <class Component>
const levada_component* interceptor(const char* name, const char* summary) {
  static const levada_interceptor_functions functions = {
      sizeof functions,
      [](void* self, levada_error* error) {
        return detail::run<Component>(self, error, [](Interceptor& interceptor) { return interceptor.open(); });
      },
      [](void* self, levada_batch* batch, levada_batch* rejected, levada_error* error) {
        Batch input;
        bool taken = false;
        const auto code = detail::run<Component>(self, error, [&](Interceptor& interceptor) -> Done {
          auto adopted = Batch::adopt(*batch);
          if (!adopted) return std::move(adopted).error();
          taken = true;
          input = *adopted;
          Batch& changed = *adopted;
          LEVADA_TRY(interceptor.intercept(changed));
          changed.apply();
          detail::hand_over_rejected(input, changed.rejections(), rejected);
          detail::hand_over(changed, batch);
          return {};
        });
        if (code != LEVADA_OK && taken) detail::hand_over(input, batch);
        return code;
      },
      detail::saver<Component>(),
      detail::loader<Component, &StatefulInterceptor::load>(),
      detail::deadline<Component>(),
      detail::advancer<Component>(),
      detail::close<Interceptor, Component>,
      detail::calls_for_changes<Component>().first,
      detail::calls_for_changes<Component>().second};
  return detail::component<Component>(LEVADA_INTERCEPTOR, name, summary, &functions);
}

template <class Component>
const levada_component* sink(const char* name, const char* summary) {
  static const levada_sink_functions functions = {
      sizeof functions,
      [](void* self) {
        uint32_t promises = 0;
        detail::run<Component>(self,
                               [&](Sink& sink) { promises = sink.keeps_checkpoint() ? LEVADA_KEEPS_CHECKPOINT : 0; });
        return promises;
      },
      [](void* self, levada_error* error) {
        return detail::run<Component>(self, error, [](Sink& sink) { return sink.open(); });
      },
      [](void* self, void (*position)(void*, const levada_position*), void* to, levada_error* error) {
        return detail::run<Component>(self, error, [&](Sink& sink) -> Done {
          auto positions = sink.recover();
          if (!positions) return std::move(positions).error();
          for (const auto& each : *positions) {
            const levada_position c = {detail::bytes(each.stream), detail::bytes(each.position), each.sequence};
            position(to, &c);
          }
          return {};
        });
      },
      [](void* self, int64_t timeout_ns, levada_batch* batch, levada_batch* rejected, levada_error* error) {
        return detail::run<Component>(self, error, [&](Sink& sink) -> Done {
          auto adopted = Batch::adopt(*batch);
          if (!adopted) return std::move(adopted).error();
          const Batch input = *adopted;
          LEVADA_TRY(sink.write(*adopted, std::chrono::nanoseconds(timeout_ns)));
          detail::hand_over_rejected(input, adopted->rejections(), rejected);
          return {};
        });
      },
      [](void* self, int64_t timeout_ns, const levada_checkpoint* checkpoint, levada_batch* rejected,
         levada_error* error) {
        return detail::run<Component>(self, error, [&](Sink& sink) -> Done {
          Checkpoint all;
          all.epoch = checkpoint->epoch;
          for (size_t at = 0; at < checkpoint->count; ++at)
            all.positions.push_back({std::string(detail::view(checkpoint->positions[at].stream)),
                                     std::string(detail::view(checkpoint->positions[at].position)),
                                     checkpoint->positions[at].sequence});
          Batch rows;
          auto done = sink.commit(all, std::chrono::nanoseconds(timeout_ns), rows);
          if ((done || done.code() == Code::idle) && rows.rows() > 0) detail::hand_over(rows, rejected);
          return done;
        });
      },
      [](void* self, levada_error* error) {
        return detail::run<Component>(self, error, [](Sink& sink) { return sink.idle(); });
      },
      detail::close<Sink, Component>};
  return detail::component<Component>(LEVADA_SINK, name, summary, &functions);
}

// For LEVADA_COMMANDS; see levada_commands. The component has Done command(arguments, write) with
//   std::span<const std::string_view> arguments,
//   const std::function<void(std::string_view)>& write
template <class Component>
const levada_commands* commands() {
  static const levada_commands functions = {
      sizeof functions, [](void* self, const levada_bytes* arguments, size_t count, void (*write)(void*, levada_bytes),
                           void* to, levada_error* error) {
        return detail::run<Component>(self, error, [&](Component& component) {
          std::vector<std::string_view> texts;
          for (size_t at = 0; at < count; ++at) texts.push_back(detail::view(arguments[at]));
          return component.command(texts, [&](std::string_view text) { write(to, {text.data(), text.size()}); });
        });
      }};
  return &functions;
}

}  // namespace levada

// Exports components: the last line of a plugin.
//   LEVADA_PLUGIN("clean_json", "1.0.0", "Apache-2.0",
//                 levada::interceptor<CleanJson>("clean_json", "Turns ..."))
#define LEVADA_PLUGIN(name, version, license, ...)                                                    \
  extern "C" __attribute__((visibility("default"))) const levada_plugin* levada_plugin_1() {          \
    static const levada_component* const components[] = {__VA_ARGS__};                                \
    static const levada_plugin plugin = {sizeof plugin, LEVADA_ABI_MINOR,     name, version, license, \
                                         components,    std::size(components)};                       \
    return &plugin;                                                                                   \
  }
