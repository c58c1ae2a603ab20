#include "agent/plugin_host/instance.h"

#include "agent/plugin_host/component_command.h"
#include "levada/has.h"

namespace levada::agent {
namespace {

// That are taken from a source.
constexpr size_t kMostBacklogItems = 200;

template <class Function>
Done call(Function&& function) {
  levada_error error{};
  levada_code code;
  try {
    code = function(&error);
  } catch (const std::exception& exception) {
    return fatal(std::string("threw across the plugin contract: ") + exception.what());
  } catch (...) {
    return fatal("threw across the plugin contract");
  }
  if (code == LEVADA_OK) return {};
  error.message[sizeof error.message - 1] = error.option[sizeof error.option - 1] = '\0';
  if (code < LEVADA_OK || code > LEVADA_FATAL)
    return fatal("gave the unknown code " + std::to_string(code) + ": " + error.message);
  return Error{static_cast<Code>(code), error.message, error.option};
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::create(const ComponentConfig& config, const Services& services,
                                                   const std::string& data_dir, bool until_drained,
                                                   const std::string& place) {
  const auto folder = data_dir + "/" + config.path + (place.empty() ? "" : "." + place);
  std::unique_ptr<Instance> made(new Instance(config, services, folder, until_drained));
  auto done = call([&](levada_error* error) {
    return config.component->create(made->context_.host(), config.values.data(), &made->self_, error);
  });
  if (!done) return std::move(done).error();
  return made;
}

Done Instance::claim_data_dir() {
  if (!data_dirs_ || data_dir_) return {};
  auto claim = data_dirs_->claim(context_.data_dir());
  if (!claim) return std::move(claim).error();
  data_dir_ = *std::move(claim);
  return {};
}

const void* Instance::extension(const char* id) const {
  if (!has(component_, &levada_component::extension)) return nullptr;
  const void* found = nullptr;
  (void)call([&](levada_error*) {
    found = component_.extension(self_, id);
    return LEVADA_OK;
  });
  return found;
}

Done run_command(const Instance& instance, const char* id, const std::vector<std::string>& arguments,
                 const std::function<void(std::string_view)>& write) {
  const auto* commands = static_cast<const levada_commands*>(instance.extension(id));
  if (!commands) return fatal(instance.name() + " has no such commands");
  std::vector<levada_bytes> texts;
  for (const auto& argument : arguments) texts.push_back({argument.data(), argument.size()});
  const auto pass_on = [](void* to, levada_bytes text) {
    (*static_cast<const std::function<void(std::string_view)>*>(to))({text.data, text.size});
  };
  return call([&](levada_error* error) {
    return commands->run(instance.self(), texts.data(), texts.size(), pass_on,
                         const_cast<std::function<void(std::string_view)>*>(&write), error);
  });
}

Done Instance::command(const std::vector<std::string>& arguments,
                       const std::function<void(std::string_view)>& write) const {
  if (!extension(LEVADA_COMMANDS)) return fatal(std::string(component_.name) + " has no commands of its own");
  return run_command(*this, LEVADA_COMMANDS, arguments, write);
}

template <class Functions>
Done Instance::close(std::chrono::nanoseconds timeout) {
  const auto& all = functions<Functions>();
  if (!has(all, &Functions::close)) return {};
  return call([&](levada_error* error) { return all.close(self_, timeout.count(), error); });
}

Instance::~Instance() {
  if (!self_) return;
  // A destructor that throws has nobody to tell.
  (void)call([&](levada_error*) {
    component_.destroy(self_);
    return LEVADA_OK;
  });
}

bool SourceInstance::replays() const {
  return (instance_->functions<levada_source_functions>().promises(instance_->self_) & LEVADA_REPLAYS) != 0;
}

Done SourceInstance::open(const std::vector<Position>& positions) {
  LEVADA_TRY(instance_->claim_data_dir());
  std::vector<levada_position> all;
  for (const auto& each : positions)
    all.push_back({detail::bytes(each.stream), detail::bytes(each.position), each.sequence});
  return call([&](levada_error* error) {
    return instance_->functions<levada_source_functions>().open(instance_->self_, all.data(), all.size(), error);
  });
}

Result<Batch> SourceInstance::poll(std::chrono::nanoseconds timeout) {
  CBatch batch;
  LEVADA_TRY(call([&](levada_error* error) {
    return instance_->functions<levada_source_functions>().poll(instance_->self_, timeout.count(), batch.get(), error);
  }));
  return batch.open();
}

Done SourceInstance::acknowledge(const std::string& stream, const std::string& position) {
  return call([&](levada_error* error) {
    return instance_->functions<levada_source_functions>().acknowledge(instance_->self_, detail::bytes(stream),
                                                                       detail::bytes(position), error);
  });
}

std::vector<BacklogItem> SourceInstance::backlog() const {
  std::vector<BacklogItem> items;
  const auto* table = static_cast<const levada_backlog*>(instance_->extension(LEVADA_BACKLOG));
  if (!table || !LEVADA_HAS(levada_backlog, table, list)) return items;
  const auto take = [](void* to, const levada_backlog_item* item) {
    if (!LEVADA_HAS(levada_backlog_item, item, total)) return;
    auto& all = *static_cast<std::vector<BacklogItem>*>(to);
    if (all.size() < kMostBacklogItems)
      all.push_back({std::string(item->name.data, item->name.size), item->unit, item->count, item->done, item->total});
  };
  (void)call([&](levada_error*) {
    table->list(instance_->self(), take, &items);
    return LEVADA_OK;
  });
  return items;
}

void SourceInstance::wake() const {
  const auto& functions = instance_->functions<levada_source_functions>();
  if (!has(functions, &levada_source_functions::wake)) return;
  (void)call([&](levada_error*) {
    functions.wake(instance_->self_);
    return LEVADA_OK;
  });
}

void SourceInstance::back_pressure(bool on) const {
  const auto& functions = instance_->functions<levada_source_functions>();
  if (!has(functions, &levada_source_functions::back_pressure)) return;
  (void)call([&](levada_error*) {
    functions.back_pressure(instance_->self_, on ? 1 : 0);
    return LEVADA_OK;
  });
}

Done SourceInstance::close(std::chrono::nanoseconds timeout) {
  return instance_->close<levada_source_functions>(timeout);
}

Done InterceptorInstance::open() {
  LEVADA_TRY(instance_->claim_data_dir());
  const auto& functions = instance_->functions<levada_interceptor_functions>();
  if (!has(functions, &levada_interceptor_functions::open)) return {};
  return call([&](levada_error* error) { return functions.open(instance_->self_, error); });
}

Done InterceptorInstance::intercept(CBatch& batch, CBatch& rejected) {
  return call([&](levada_error* error) {
    return instance_->functions<levada_interceptor_functions>().intercept(instance_->self_, batch.get(), rejected.get(),
                                                                          error);
  });
}

bool is_stateful(const levada_component& component) {
  if (component.kind != LEVADA_INTERCEPTOR) return false;
  const auto& functions = *static_cast<const levada_interceptor_functions*>(component.functions);
  return has(functions, &levada_interceptor_functions::save) && has(functions, &levada_interceptor_functions::load);
}

bool InterceptorInstance::is_stateful() const { return agent::is_stateful(instance_->component_); }

Done InterceptorInstance::save(std::string& to) const { return save(&levada_interceptor_functions::save, to); }

Done InterceptorInstance::save_changes(std::string& to) const {
  if (!has(instance_->functions<levada_interceptor_functions>(), &levada_interceptor_functions::save_changes))
    return levada::idle();
  return save(&levada_interceptor_functions::save_changes, to);
}

Done InterceptorInstance::save(decltype(levada_interceptor_functions::save) levada_interceptor_functions::* saver,
                               std::string& to) const {
  const auto append = [](void* state, levada_bytes part) {
    static_cast<std::string*>(state)->append(detail::view(part));
  };
  return call([&](levada_error* error) {
    return (instance_->functions<levada_interceptor_functions>().*saver)(instance_->self_, append, &to, error);
  });
}

Done InterceptorInstance::load(const std::string& state) {
  return call([&](levada_error* error) {
    return instance_->functions<levada_interceptor_functions>().load(instance_->self_, detail::bytes(state), error);
  });
}

Done InterceptorInstance::load_changes(const std::string& changes) {
  const auto& functions = instance_->functions<levada_interceptor_functions>();
  if (!has(functions, &levada_interceptor_functions::load_changes))
    return fatal("the state that was kept has changes, which this version of the plugin cannot load");
  return call(
      [&](levada_error* error) { return functions.load_changes(instance_->self_, detail::bytes(changes), error); });
}

bool InterceptorInstance::advances() const {
  const auto& functions = instance_->functions<levada_interceptor_functions>();
  return has(functions, &levada_interceptor_functions::deadline) &&
         has(functions, &levada_interceptor_functions::advance);
}

std::chrono::nanoseconds InterceptorInstance::deadline() const {
  if (!advances()) return std::chrono::nanoseconds::max();
  int64_t due = 0;
  // Where it throws instead of an answer, advance is called, and says why.
  (void)call([&](levada_error*) {
    due = instance_->functions<levada_interceptor_functions>().deadline(instance_->self_);
    return LEVADA_OK;
  });
  return std::chrono::nanoseconds(due);
}

Done InterceptorInstance::advance(std::chrono::nanoseconds now, bool ended, CBatch& out, CBatch& rejected) {
  if (!advances()) return levada::idle();
  return call([&](levada_error* error) {
    return instance_->functions<levada_interceptor_functions>().advance(instance_->self_, now.count(), ended ? 1 : 0,
                                                                        out.get(), rejected.get(), error);
  });
}

Done InterceptorInstance::close(std::chrono::nanoseconds timeout) {
  return instance_->close<levada_interceptor_functions>(timeout);
}

bool SinkInstance::keeps_checkpoint() const {
  return (instance_->functions<levada_sink_functions>().promises(instance_->self_) & LEVADA_KEEPS_CHECKPOINT) != 0;
}

Done SinkInstance::open() {
  LEVADA_TRY(instance_->claim_data_dir());
  return call(
      [&](levada_error* error) { return instance_->functions<levada_sink_functions>().open(instance_->self_, error); });
}

Result<std::vector<Position>> SinkInstance::recover() {
  std::vector<Position> positions;
  const auto add = [](void* to, const levada_position* each) {
    static_cast<std::vector<Position>*>(to)->push_back(
        {std::string(detail::view(each->stream)), std::string(detail::view(each->position)), each->sequence});
  };
  LEVADA_TRY(call([&](levada_error* error) {
    return instance_->functions<levada_sink_functions>().recover(instance_->self_, add, &positions, error);
  }));
  return positions;
}

Done SinkInstance::write(const Batch& batch, std::chrono::nanoseconds timeout, CBatch& rejected) {
  CBatch share(batch);
  return call([&](levada_error* error) {
    return instance_->functions<levada_sink_functions>().write(instance_->self_, timeout.count(), share.get(),
                                                               rejected.get(), error);
  });
}

Done SinkInstance::commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, CBatch& rejected) {
  std::vector<levada_position> positions;
  for (const auto& each : checkpoint.positions)
    positions.push_back({detail::bytes(each.stream), detail::bytes(each.position), each.sequence});
  const levada_checkpoint c = {sizeof c, 0, positions.data(), positions.size(), checkpoint.epoch};
  return call([&](levada_error* error) {
    return instance_->functions<levada_sink_functions>().commit(instance_->self_, timeout.count(), &c, rejected.get(),
                                                                error);
  });
}

Done SinkInstance::idle() {
  const auto& functions = instance_->functions<levada_sink_functions>();
  if (!has(functions, &levada_sink_functions::idle)) return {};
  return call([&](levada_error* error) { return functions.idle(instance_->self_, error); });
}

Done SinkInstance::close(std::chrono::nanoseconds timeout) { return instance_->close<levada_sink_functions>(timeout); }

}  // namespace levada::agent
