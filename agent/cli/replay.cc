// levada replay: dead letters go back to where they were rejected, and on from there. Each set of
// them is a job that is kept in data_dir, so that one that was cut short goes on where it was,
// and no letter is given twice.
#include <algorithm>
#include <cstdio>

#include "agent/base/numbers.h"
#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/data_dir.h"
#include "agent/config/nearest.h"
#include "agent/env/system_files.h"
#include "agent/observe/log.h"
#include "agent/pipeline/dead_letter_source.h"
#include "agent/pipeline/pipeline_builder.h"
#include "agent/pipeline/stream_starts.h"
#include "levada/checked_text.h"

namespace levada::agent {
namespace {

constexpr std::string_view kFirstLine = "levada replays 2";

// The jobs so far: a line for each in a checked file, its filter and whether it is done.
class Jobs {
 public:
  explicit Jobs(const std::string& data_dir) : files_(system_files()), path_(data_dir + "/replays") {}

  Done load() {
    const auto text = load_checked(files_, path_, kFirstLine);
    const auto damaged =
        fatal(path_ + " is damaged, or was written by another version: it says which dead letters were replayed");
    if (text.code() == Code::reject) return damaged;
    if (!text) return text.error();
    std::string_view rest = *text ? std::string_view(**text) : std::string_view();
    while (const auto line = take_line(rest)) {
      const auto space = std::min(line->find(' '), line->size() - 1);
      auto filter = DeadLetterFilter::parse(line->substr(space + 1));
      if (!filter) return damaged;
      jobs_.push_back({*std::move(filter), line->substr(0, space) == "done"});
    }
    return {};
  }
  Done add(DeadLetterFilter filter) {
    jobs_.push_back({std::move(filter), false});
    return save();
  }
  Done finish_last() {
    jobs_.back().done = true;
    return save();
  }
  bool is_last_open() const { return !jobs_.empty() && !jobs_.back().done; }
  const DeadLetterFilter& last() const { return jobs_.back().filter; }
  size_t number() const { return jobs_.size(); }
  std::vector<DeadLetterFilter> done() const {
    std::vector<DeadLetterFilter> all;
    for (const auto& job : jobs_)
      if (job.done) all.push_back(job.filter);
    return all;
  }

 private:
  struct Job {
    DeadLetterFilter filter;
    bool done;
  };
  Done save() const {
    std::string text;
    for (const auto& job : jobs_) text += (job.done ? "done " : "open ") + job.filter.text() + '\n';
    return save_checked(files_, path_, kFirstLine, text);
  }

  const Files files_;
  const std::string path_;
  std::vector<Job> jobs_;
};

// The configuration with the letters as its only source, which come in where they were rejected.
class ReplayTopology {
 public:
  ReplayTopology(Topology& topology, const DeadLetterOrigin& origin) : topology_(topology), origin_(origin) {}

  // Fails where the configuration has no such source, sink or interceptor any more.
  Done build(SourceConfig letters) {
    const auto owned = [&](const auto& config) { return config.path == origin_.owner; };
    const auto source = std::find_if(topology_.sources.begin(), topology_.sources.end(), owned);
    if (source != topology_.sources.end()) {
      letters.owner = origin_.owner;
      LEVADA_TRY(keep_behind(source->interceptors));
      letters.interceptors = source->interceptors;
      letters.channels = source->channels;
      letters.workers = source->workers;
      letters.selector = std::move(source->selector);
      keep_readers([&](const ReaderConfig& reader) {
        return reader.channel &&
               std::find(letters.channels.begin(), letters.channels.end(), *reader.channel) != letters.channels.end();
      });
    } else {
      ReaderConfig* reader = nullptr;
      for (auto& sink : topology_.sinks)
        if (owned(sink)) reader = &sink;
      for (auto& group : topology_.sink_groups)
        if (owned(group)) reader = &group;
      if (!reader) return fatal("the configuration has no " + origin_.owner);
      LEVADA_TRY(keep_behind(reader->interceptors));
      // Other readers of its channel have had these rows.
      ChannelConfig own;
      own.name = letters.name;
      own.path = "channels." + own.name;
      letters.channels = {topology_.channels.size()};
      reader->channel = topology_.channels.size();
      topology_.channels.push_back(std::move(own));
      keep_readers([&](const ReaderConfig& each) { return &each == reader; });
    }
    topology_.sources.clear();
    topology_.sources.push_back(std::move(letters));
    return {};
  }

 private:
  // The component that rejected the rows, and those behind it.
  Done keep_behind(std::vector<size_t>& interceptors) {
    if (!origin_.component.starts_with("interceptors.")) {
      if (origin_.component != origin_.owner || origin_.owner.starts_with("sink")) interceptors.clear();
      return {};
    }
    const auto at = std::find_if(interceptors.begin(), interceptors.end(), [&](size_t number) {
      return topology_.interceptors[number].path == origin_.component;
    });
    if (at == interceptors.end()) return fatal(origin_.component + " is no interceptor of " + origin_.owner);
    interceptors.erase(interceptors.begin(), at);
    return {};
  }

  template <class Wanted>
  void keep_readers(Wanted&& wanted) {
    std::vector<bool> kept(topology_.sinks.size());
    for (size_t number = 0; number < kept.size(); ++number)
      kept[number] = !topology_.sinks[number].group && wanted(topology_.sinks[number]);
    for (const auto& group : topology_.sink_groups)
      if (wanted(group))
        for (const auto number : group.sinks) kept[number] = true;
    std::erase_if(topology_.sink_groups, [&](const SinkGroupConfig& group) { return !wanted(group); });
    std::vector<size_t> renumbered;
    std::vector<SinkConfig> sinks;
    for (size_t number = 0; number < kept.size(); ++number) {
      renumbered.push_back(sinks.size());
      if (kept[number]) sinks.push_back(std::move(topology_.sinks[number]));
    }
    topology_.sinks = std::move(sinks);
    for (auto& group : topology_.sink_groups)
      for (auto& number : group.sinks) number = renumbered[number];
  }

  Topology& topology_;
  const DeadLetterOrigin& origin_;
};

Node text_node(std::string text) {
  Node node;
  node.kind = Node::Kind::string;
  node.text = std::move(text);
  return node;
}

SourceConfig dead_letters_config(const std::string& name, const std::string& folder, const DeadLetterOrigin& origin,
                                 const DeadLetterFilter& filter, const std::vector<DeadLetterFilter>& done,
                                 Diagnostics& diagnostics) {
  Node table;
  const auto add = [&](const char* key, Node value) {
    value.key = key;
    table.items.push_back(std::move(value));
  };
  Node lines;
  lines.kind = Node::Kind::list;
  for (const auto& each : done) lines.items.push_back(text_node(each.text()));
  add("folder", text_node(folder));
  add("filter", text_node(filter.text()));
  add("owner", text_node(origin.owner));
  add("component", text_node(origin.component));
  add("done", std::move(lines));
  SourceConfig config;
  config.name = name;
  config.path = "sources." + name;
  config.component = DeadLetterSource::component();
  const Options options(config.component->options, config.component->option_count);
  config.values =
      std::move(read_options(table, config.path, std::span(&options, 1), UnknownKeys::refuse, diagnostics)[0]);
  return config;
}

class Replay {
 public:
  explicit Replay(const ReplayRequest& request) : request_(request) {}

  int run() {
    Diagnostics diagnostics;
    const auto loaded = load_configuration(request_.config, diagnostics);
    if (refused(diagnostics)) return kBadConfiguration;
    agent_ = &loaded.agent;
    if (!files_.exists(agent_->data_dir))
      return fail(fatal(agent_->data_dir + " is not there: no agent has run with " + request_.config));
    const auto locked = DataDirLock::take(agent_->data_dir);
    if (!locked) return fail(locked.error());
    Jobs jobs(agent_->data_dir);
    if (auto done = jobs.load(); !done) return fail(done.error());
    if (const int code = check_component(loaded.topology); code != kOk) return code;
    if (jobs.is_last_open()) {
      if (request_.purge || request_.dry_run)
        return fail(fatal("a replay was cut short: `levada replay` goes on with it; nothing else can be done before"));
      log_info("", "going on with a replay that was cut short, and with nothing else");
      return work_off(jobs);
    }
    const auto end = end_of_dead_letters(files_, agent_->dead_letters_dir);
    if (!end) return fail(end.error());
    // Letters that hold a whole row and those that do not are equally unwanted.
    const DeadLetterFilter filter{*end, request_.component, request_.reason, request_.include_cut || request_.purge};
    const auto counts = count(filter, jobs.done());
    if (!counts) return fail(counts.error());
    if (const int code = hint_at_cut(filter, *counts, jobs.done()); code != kOk) return code;
    if (counts->empty()) return kOk;
    if (request_.dry_run) {
      for (const auto& each : *counts) print(request_.purge ? "would remove" : "would replay", each, "\n");
      return kOk;
    }
    if (request_.purge) return purge(filter, *counts, jobs);
    for (const auto& each : *counts)
      if (const int code = check_origin(each.origin); code != kOk) return code;
    if (auto done = jobs.add(filter); !done) return fail(done.error());
    return work_off(jobs);
  }

 private:
  static int fail(const Error& error) {
    log_error("", error.message);
    return kFailed;
  }

  // A name that neither the configuration nor a letter knows is a mistake.
  int check_component(const Topology& topology) const {
    if (request_.component.empty()) return kOk;
    auto known = dead_letter_components(files_, agent_->dead_letters_dir);
    if (!known) return fail(known.error());
    known->merge(component_paths(topology));
    if (known->contains(request_.component)) return kOk;
    std::fprintf(stderr, "neither the configuration nor the dead letters have a component \"%s\"%s\n",
                 request_.component.c_str(), did_you_mean(request_.component, {known->begin(), known->end()}).c_str());
    return kBadConfiguration;
  }

  Result<std::vector<DeadLetterCount>> count(const DeadLetterFilter& filter,
                                             const std::vector<DeadLetterFilter>& done) const {
    if (!files_.exists(agent_->dead_letters_dir)) return std::vector<DeadLetterCount>();
    return count_dead_letters(files_, agent_->dead_letters_dir, filter, done);
  }

  static int64_t sum(const std::vector<DeadLetterCount>& counts) {
    int64_t all = 0;
    for (const auto& each : counts) all += each.letters;
    return all;
  }

  // What is left out, and that there is nothing to do, is said.
  int hint_at_cut(DeadLetterFilter filter, const std::vector<DeadLetterCount>& counts,
                  const std::vector<DeadLetterFilter>& done) const {
    int64_t cut = 0;
    if (!filter.includes_cut) {
      filter.includes_cut = true;
      const auto all = count(filter, done);
      if (!all) return fail(all.error());
      cut = sum(*all) - sum(counts);
    }
    if (cut > 0)
      std::printf("left out %s rows of which only the beginning was kept; --include-cut gives these back, too\n",
                  grouped(cut).c_str());
    else if (counts.empty()) std::printf("there are no such dead letters\n");
    return kOk;
  }

  static void print(const char* what, const DeadLetterCount& each, const char* end) {
    std::printf("%s %s rows of %s behind %s%s", what, grouped(each.letters).c_str(), each.origin.component.c_str(),
                each.origin.owner.c_str(), end);
  }

  int purge(const DeadLetterFilter& filter, const std::vector<DeadLetterCount>& counts, Jobs& jobs) const {
    if (auto done = jobs.add(filter); !done) return fail(done.error());
    if (auto done = jobs.finish_last(); !done) return fail(done.error());
    for (const auto& each : counts) print("removed", each, "\n");
    return trim(jobs);
  }

  // Letters that nobody needs any more leave the disk.
  int trim(const Jobs& jobs) const {
    SystemServices system;
    if (auto done = trim_dead_letters(system.services(), agent_->dead_letters_dir, jobs.done()); !done)
      return fail(done.error());
    return kOk;
  }

  // One run to the end for each place where letters come in.
  int work_off(Jobs& jobs) const {
    const auto counts = count(jobs.last(), jobs.done());
    if (!counts) return fail(counts.error());
    int64_t rejected = 0;
    const auto name_of = [&](size_t pass) {
      return "replay-" + std::to_string(jobs.number()) + "-" + std::to_string(pass + 1);
    };
    for (size_t pass = 0; pass < counts->size(); ++pass) {
      const auto name = name_of(pass);
      if (const int code = run_pass(name, (*counts)[pass].origin, jobs); code != kOk) return code;
      // By the letters, as this pass may have been begun by a replay that was cut short.
      const auto again = count_dead_letters_of_stream(files_, agent_->dead_letters_dir, name);
      if (!again) return fail(again.error());
      print("replayed", (*counts)[pass], "");
      if (*again > 0) std::printf("; %s were rejected again and are new dead letters", grouped(*again).c_str());
      std::printf("\n");
      rejected += *again;
    }
    if (auto done = jobs.finish_last(); !done) return fail(done.error());
    for (size_t pass = 0; pass < counts->size(); ++pass)
      (void)files_.remove(StreamStarts::path(agent_->data_dir, name_of(pass)));
    if (const int code = trim(jobs); code != kOk) return code;
    return rejected > 0 ? kNotAllGood : kOk;
  }

  // Whether the configuration still has the place where letters come in.
  int check_origin(const DeadLetterOrigin& origin) const {
    Diagnostics diagnostics;
    auto loaded = load_configuration(request_.config, diagnostics);
    if (refused(diagnostics)) return kBadConfiguration;
    if (auto built = ReplayTopology(loaded.topology, origin).build({}); !built) return fail(built.error());
    return kOk;
  }

  int run_pass(const std::string& name, const DeadLetterOrigin& origin, const Jobs& jobs) const {
    Diagnostics diagnostics;
    auto loaded = load_configuration(request_.config, diagnostics);
    if (refused(diagnostics)) return kBadConfiguration;
    auto letters = dead_letters_config(name, agent_->dead_letters_dir, origin, jobs.last(), jobs.done(), diagnostics);
    if (auto built = ReplayTopology(loaded.topology, origin).build(std::move(letters)); !built)
      return fail(built.error());
    SystemServices system;
    const auto services = system.services();
    SharedStores stores(services, loaded.agent);
    const auto pipeline = PipelineBuilder(loaded.agent, loaded.topology, services, stores, true, diagnostics)
                              .build(whole_of(loaded.topology));
    if (refused(diagnostics)) return kBadConfiguration;
    pipeline->start();
    if (auto opened = pipeline->wait_for_channels(); !opened) return kFailed;
    pipeline->resume();
    const nanoseconds stop_timeout{loaded.agent.stop_timeout_ns};
    const bool is_drained = pipeline->wait(stop_timeout) == Pipeline::Outcome::drained;
    const nanoseconds now{services.clock->monotonic(services.clock->context)};
    return pipeline->close(now + stop_timeout) && is_drained ? kOk : kFailed;
  }

  const ReplayRequest& request_;
  const Files files_{system_files()};
  const AgentConfig* agent_ = nullptr;
};

}  // namespace

int replay(const ReplayRequest& request) { return Replay(request).run(); }

}  // namespace levada::agent
