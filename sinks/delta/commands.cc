#include "commands.h"

#include <string>
#include <vector>

#include "action_json.h"
#include "cat.h"
#include "command_options.h"
#include "committer.h"
#include "data_file.h"
#include "file_scan.h"
#include "levada/time.h"
#include "optimize.h"
#include "properties.h"
#include "protocol_support.h"
#include "restore.h"
#include "schema_change.h"
#include "table_log.h"
#include "table_schema.h"
#include "vacuum.h"

namespace levada::delta {
namespace {

using Arguments = std::span<const std::string_view>;
using Write = std::function<void(std::string_view)>;

std::string time_text(int64_t milliseconds) {
  char text[Rfc3339Writer::kSize];
  Rfc3339Writer writer;
  if (!writer.write(milliseconds * 1000, text)) return std::to_string(milliseconds) + " ms";
  return std::string(text, Rfc3339Writer::kSecondsSize + 4) + "Z";
}

Result<Snapshot> load_table(TableLog& log) {
  auto snapshot = log.load();
  if (snapshot && !snapshot->exists()) return fatal("there is no table at " + log.store().name());
  return snapshot;
}

// "NAME=VALUE"
Result<std::pair<std::string, std::string>> pair_of(const std::string& text) {
  const auto at = text.find('=');
  if (at == text.npos || at == 0) return reject("\"" + text + "\" is no NAME=VALUE");
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

Done create(TableLog& log, Host host, Arguments arguments, const Write& write) {
  auto options = CommandOptions::parse("create", arguments, {"--column", "--partition-by", "--property"});
  if (!options) return std::move(options).error();
  std::vector<std::pair<std::string, std::string>> columns;
  Map properties;
  for (const auto& text : options->all("--column")) {
    auto pair = pair_of(text);
    if (!pair) return std::move(pair).error();
    columns.push_back(*std::move(pair));
  }
  for (const auto& text : options->all("--property")) {
    auto pair = pair_of(text);
    if (!pair) return std::move(pair).error();
    properties.emplace_back(pair->first, pair->second);
  }
  if (columns.empty()) return reject("a table needs columns: --column NAME=TYPE");
  auto schema = lake::LakeSchema::parse(columns, "--column");
  if (!schema) return std::move(schema).error();
  auto snapshot = log.load();
  if (!snapshot) return std::move(snapshot).error();
  if (snapshot->exists()) return fatal("there is a table at " + log.store().name() + " already");
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(host.now()).count();
  auto metadata = new_table(*schema, options->all("--partition-by"), properties, new_uuid(host), now_ms);
  if (!metadata) return std::move(metadata).error();
  auto table = TableSchema::parse(metadata->schema);
  if (!table) return std::move(table).error();
  Change change{.operation = "CREATE TABLE"};
  change.protocol = protocol_for(*table);
  change.metadata = *std::move(metadata);
  LEVADA_TRY(check_writable({0, *change.protocol, *change.metadata, {}, {}, {}}));
  auto made = Committer(log, host).commit(*snapshot, change, [&](const Rival&) -> Done {
    return fatal("another writer has just made a table at " + log.store().name());
  });
  if (!made) return std::move(made).error();
  write("created " + log.store().name() + "\n");
  return {};
}

Done history(TableLog& log, Arguments arguments, const Write& write) {
  auto options = CommandOptions::parse("history", arguments, {"--limit"});
  if (!options) return std::move(options).error();
  auto limit = options->whole("--limit");
  if (!limit) return std::move(limit).error();
  auto versions = log.versions();
  if (!versions) return std::move(versions).error();
  if (versions->empty()) return fatal("there is no table at " + log.store().name());
  int64_t shown = 0;
  for (auto each = versions->rbegin(); each != versions->rend(); ++each) {
    if (*limit && shown++ >= **limit) break;
    auto content = log.commit(each->version);
    if (!content) return std::move(content).error();
    CommitInfo info;
    int64_t adds = 0, removes = 0;
    LEVADA_TRY(read_actions(content->value_or(""), commit_path(each->version), kCommitInfo | kFiles,
                            [&](Action& action) -> Done {
                              if (auto* said = std::get_if<CommitInfo>(&action)) info = std::move(*said);
                              adds += std::holds_alternative<AddFile>(action);
                              removes += std::holds_alternative<RemoveFile>(action);
                              return {};
                            }));
    std::string line = std::to_string(each->version) + "\t" + time_text(info.timestamp_ms.value_or(each->modified_ms));
    line += "\t" + (info.operation.empty() ? "?" : info.operation);
    line += "\t+" + std::to_string(adds) + " -" + std::to_string(removes) + " files";
    if (!info.parameters.empty()) line += "\t" + info.parameters;
    if (!info.metrics.empty()) line += "\t" + info.metrics;
    write(line + "\n");
  }
  return {};
}

Done show(TableLog& log, Arguments arguments, const Write& write) {
  auto options = CommandOptions::parse("show", arguments, {});
  if (!options) return std::move(options).error();
  auto snapshot = load_table(log);
  if (!snapshot) return std::move(snapshot).error();
  auto schema = TableSchema::parse(snapshot->metadata.schema);
  if (!schema) return std::move(schema).error();
  int64_t files = 0, bytes = 0;
  LEVADA_TRY(scan_files(log, *snapshot, {.live = [&](AddFile& add) -> Done {
                          ++files;
                          bytes += add.bytes;
                          return {};
                        }}));
  const auto list = [](const std::vector<std::string>& all) {
    std::string text;
    for (const auto& each : all) text += (text.empty() ? "" : ", ") + each;
    return text;
  };
  std::string text = "table       " + log.store().name() + "\nid          " + snapshot->metadata.id;
  text += "\nversion     " + std::to_string(snapshot->version);
  text += "\ncheckpoint  " + (snapshot->checkpoint.version < 0 ? "none" : std::to_string(snapshot->checkpoint.version));
  text += "\nprotocol    reader " + std::to_string(snapshot->protocol.min_reader) + ", writer " +
          std::to_string(snapshot->protocol.min_writer);
  if (snapshot->protocol.writer_features) text += ", features " + list(*snapshot->protocol.writer_features);
  const auto writable = check_writable(*snapshot);
  text += "\nwritable    " + (writable ? "yes" : "no: " + writable.error().message);
  text += "\nfiles       " + std::to_string(files) + ", " + std::to_string(bytes) + " bytes";
  text += "\npartitions  " + list(snapshot->metadata.partition_columns) + "\ncolumns\n";
  for (const auto& field : schema->fields()) {
    // Of a type that levada does not know, what the log says.
    const auto type = lake_type_of(field.type, field.name);
    text += "  " + field.name + "  " + (type ? type->name() : field.type) + (field.nullable ? "\n" : "  not null\n");
  }
  text += "properties\n";
  for (const auto& [name, value] : snapshot->metadata.configuration)
    text += "  " + name + " = " + value.value_or("null") + "\n";
  text += "applications\n";
  for (const auto& [name, transaction] : snapshot->transactions)
    text += "  " + name + "  " + std::to_string(transaction.version) + "\n";
  write(text);
  return {};
}

Done optimize_command(TableLog& log, Host host, Arguments arguments, const Write& write) {
  auto options = CommandOptions::parse("optimize", arguments, {"--target-bytes"}, {"--dry-run"});
  if (!options) return std::move(options).error();
  auto target = options->whole("--target-bytes");
  if (!target) return std::move(target).error();
  OptimizeSettings settings{.dry_run = options->has("--dry-run")};
  if (*target) settings.target_bytes = **target;
  auto done = optimize(log, settings, host);
  if (!done) return std::move(done).error();
  if (settings.dry_run) {
    write("would put " + std::to_string(done->files_before) + " files (" + std::to_string(done->bytes_before) +
          " bytes) together into " + std::to_string(done->files_after) + "\n");
    return {};
  }
  write(std::to_string(done->files_before) + " files (" + std::to_string(done->bytes_before) + " bytes) became " +
        std::to_string(done->files_after) + " (" + std::to_string(done->bytes_after) + " bytes) in " +
        std::to_string(done->commits) + " commits; " + std::to_string(done->conflicts) + " conflicts\n");
  return {};
}

Done vacuum_command(TableLog& log, Host host, Arguments arguments, const Write& write) {
  auto options = CommandOptions::parse("vacuum", arguments, {"--retention"}, {"--dry-run"});
  if (!options) return std::move(options).error();
  VacuumSettings settings{.dry_run = options->has("--dry-run")};
  if (const auto text = options->text("--retention")) {
    settings.retention = parse_interval(*text);
    if (!settings.retention) return reject("--retention needs a span, as \"7 days\", not \"" + *text + "\"");
  }
  auto done = vacuum(log, settings, host, [&](const std::string& path) { write(path + "\n"); });
  if (!done) return std::move(done).error();
  write((settings.dry_run ? "would remove " : "removed ") + std::to_string(done->files) + " files, " +
        std::to_string(done->bytes) + " bytes\n");
  return {};
}

// The version that --version or --as-of names; nothing where neither is given.
Result<std::optional<int64_t>> version_of(TableLog& log, const CommandOptions& options) {
  auto version = options.whole("--version");
  if (!version || *version) return version;
  const auto text = options.text("--as-of");
  if (!text) return version;
  const auto time = parse_rfc3339(*text);
  if (!time) return reject("--as-of needs a time, as \"2026-01-31T12:00:00Z\", not \"" + *text + "\"");
  auto found = log.version_at(*time / 1000);
  if (!found) return std::move(found).error();
  return std::optional(*found);
}

Done restore_command(TableLog& log, Host host, Arguments arguments, const Write& write) {
  auto options = CommandOptions::parse("restore", arguments, {"--version", "--as-of"});
  if (!options) return std::move(options).error();
  auto version = version_of(log, *options);
  if (!version) return std::move(version).error();
  if (!*version) return reject("restore needs --version N or --as-of TIME");
  auto done = restore(log, **version, host);
  if (!done) return std::move(done).error();
  write("version " + std::to_string(done->version) + " is what version " + std::to_string(**version) + " was: " +
        std::to_string(done->files_added) + " files came back, " + std::to_string(done->files_removed) + " went\n");
  return {};
}

Done cat_command(TableLog& log, Arguments arguments, const Write& write) {
  auto options = CommandOptions::parse("cat", arguments, {"--version", "--as-of", "--limit"});
  if (!options) return std::move(options).error();
  auto limit = options->whole("--limit");
  if (!limit) return std::move(limit).error();
  auto version = version_of(log, *options);
  if (!version) return std::move(version).error();
  auto snapshot = *version ? log.load_version(**version) : load_table(log);
  if (!snapshot) return std::move(snapshot).error();
  return cat(log, *snapshot, *limit, write);
}

constexpr std::string_view kHelp =
    "levada table create PATH --column NAME=TYPE ... [--partition-by NAME ...] [--property NAME=VALUE ...]\n"
    "levada table show PATH\n"
    "levada table history PATH [--limit N]\n"
    "levada table cat PATH [--version N | --as-of TIME] [--limit N]\n"
    "levada table optimize PATH [--target-bytes N] [--dry-run]\n"
    "levada table vacuum PATH [--retention \"7 days\"] [--dry-run]\n"
    "levada table restore PATH --version N | --as-of TIME\n";

}  // namespace

Done run_command(lake::FileStore& store, Host host, Arguments arguments, const Write& write) {
  constexpr const char* kVerbs = "create, history, show, optimize, vacuum, restore or cat";
  if (arguments.empty()) return reject(std::string("what to do with the table: ") + kVerbs);
  if (arguments[0] == "help") {
    write(kHelp);
    return {};
  }
  TableLog log(store, host);
  const auto verb = arguments[0];
  const auto rest = arguments.subspan(1);
  if (verb == "create") return create(log, host, rest, write);
  if (verb == "history") return history(log, rest, write);
  if (verb == "show") return show(log, rest, write);
  if (verb == "optimize") return optimize_command(log, host, rest, write);
  if (verb == "vacuum") return vacuum_command(log, host, rest, write);
  if (verb == "restore") return restore_command(log, host, rest, write);
  if (verb == "cat") return cat_command(log, rest, write);
  return reject("there is nothing called \"" + std::string(verb) + "\" to do with a table: " + kVerbs);
}

}  // namespace levada::delta
