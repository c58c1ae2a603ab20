// Writes files to a store while a test breaks it, and says what it has written:
//   store_writer files ADDRESS SEED COUNT [OPTION=VALUE...]   files of all sizes, in all ways
//   store_writer log ADDRESS SEED COUNT [OPTION=VALUE...]     the next free numbers of a log
// Others may write to the same log. Each line of the output is PATH, length and SHA-256 of a file
// that is complete. What fails is tried again, as the agent would, for two minutes.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "kafka/table.h"
#include "lake/stores/aws_signature.h"
#include "lake/stores/file_stores.h"
#include "lake/stores/noise.h"
#include "lake/stores/store_test_host.h"

namespace levada::lake {
namespace {

constexpr std::chrono::minutes kPatience{2};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "store_writer: %s\n", why.c_str());
  std::exit(1);
}

// Whether the call failed at first: what it did then is not known.
bool until_done(const std::string& what, const std::function<Done()>& call) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (bool failed = false;; failed = true) {
    const Done done = call();
    if (done) return failed;
    std::fprintf(stderr, "%s: %s\n", what.c_str(), done.error().message.c_str());
    if (done.code() != Code::retry || std::chrono::steady_clock::now() > end) give_up("gave " + what + " up");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

std::string content(FileStore& store, const std::string& path) {
  std::string text;
  until_done("read " + path, [&]() -> Done {
    auto bytes = read_file(store, path);
    if (!bytes) return std::move(bytes).error();
    text = bytes->value_or("");
    return {};
  });
  return text;
}

void say(const std::string& path, const std::string& bytes) {
  std::printf("%s %zu %s\n", path.c_str(), bytes.size(), sha256_hex(bytes).c_str());
  std::fflush(stdout);
}

void write(FileStore& store, const std::string& path, const std::string& bytes) {
  until_done("write " + path, [&]() -> Done {
    auto file = store.create(path);
    if (!file) return std::move(file).error();
    for (size_t at = 0; at < bytes.size(); at += 700'000)
      LEVADA_TRY((*file)->write(std::string_view(bytes).substr(at, 700'000)));
    return (*file)->finish();
  });
}

// True where the file is ours, now or from a call whose answer was lost.
bool put(FileStore& store, const std::string& path, const std::string& bytes) {
  bool is_made = false;
  const bool failed = until_done("put " + path, [&]() -> Done {
    auto made = store.put_if_absent(path, bytes);
    if (!made) return std::move(made).error();
    is_made = *made;
    return {};
  });
  return is_made || (failed && content(store, path) == bytes);
}

void write_files(FileStore& store, uint64_t seed, int count) {
  for (int at = 0; at < count; ++at) {
    const auto number = std::to_string(seed) + "-" + std::to_string(at);
    // Every fourth is larger than a part of S3, and than what is written to HDFS in one request.
    const size_t bytes = at % 4 == 0 ? (5 << 20) + 54321 * at : (at % 4 == 1 ? 400'000 : 1000 + at);
    const auto text = noise(bytes, seed * 1000 + static_cast<uint64_t>(at));
    const auto path = "files/part=" + std::to_string(at % 3) + "/file-" + number;
    if (at % 4 < 2) {
      const auto aside = "files/." + number + ".tmp";
      write(store, aside, text);
      bool is_renamed = false;
      until_done("rename " + path, [&]() -> Done {
        auto renamed = store.rename(aside, path);
        if (!renamed) return std::move(renamed).error();
        is_renamed = *renamed;
        return {};
      });
      if (!is_renamed && content(store, path) != text) give_up(path + " has not been renamed");
    } else if (at % 4 == 2) {
      if (!put(store, path, text)) give_up(path + " is there already");
    } else {
      for (const auto& each : {std::string("an older content"), text})
        until_done("replace " + path, [&] { return store.replace(path, each); });
    }
    if (content(store, path) != text) give_up(path + " has other bytes than were written");
    say(path, text);
  }
}

void write_log(FileStore& store, uint64_t seed, int count) {
  int version = 0;
  for (int mine = 0; mine < count; ++version) {
    char name[40];
    std::snprintf(name, sizeof name, "log/%020d.json", version);
    const auto text = "commit " + std::to_string(mine) + " of " + std::to_string(seed) + noise(3000, seed);
    if (!put(store, name, text)) continue;
    say(name, text);
    ++mine;
  }
}

int run(int count, char** words) {
  if (count < 5) give_up("usage: store_writer files|log ADDRESS SEED COUNT [OPTION=VALUE...]");
  Table options;
  for (int at = 5; at < count; ++at) {
    const std::string word = words[at];
    const auto equals = word.find('=');
    if (equals == std::string::npos) give_up(word + " is no OPTION=VALUE");
    options.add(word.substr(0, equals), word.substr(equals + 1));
  }
  const StoreTestHost host;
  auto store = open_file_store(words[2], host.host(), options.tree());
  if (!store) give_up(store.error().message);
  const auto seed = std::strtoull(words[3], nullptr, 10);
  const auto write_all = std::string(words[1]) == "log" ? write_log : write_files;
  write_all(**store, seed, std::atoi(words[4]));
  return 0;
}

}  // namespace
}  // namespace levada::lake

int main(int count, char** words) { return levada::lake::run(count, words); }
