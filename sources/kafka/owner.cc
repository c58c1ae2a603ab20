// One small file.
#include "owner.h"

#include <algorithm>
#include <random>

namespace levada::kafka_source {
namespace {

constexpr size_t kDigits = 24;

bool is_id(const std::string& text) {
  return text.size() == kDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string new_id() {
  constexpr char kHex[] = "0123456789abcdef";
  std::random_device random;
  std::string id;
  while (id.size() < kDigits) id += kHex[random() % 16];
  return id;
}

}  // namespace

Result<std::string> owner_of(const Host& host) {
  const auto files = host.files();
  const auto path = host.data_dir() + "/owner";
  levada_file_info info{};
  if (const auto found = files.stat(path, info); found != -ENOENT) {
    if (found < 0) return file_error("read", path, found);
    auto id = files.read_whole(path);
    if (!id) return std::move(id).error();
    if (is_id(*id)) return id;
    host.warning("the owner id in " + path + " is damaged, and a new one takes its place");
  }
  const auto id = new_id();
  LEVADA_TRY(files.make_folder(host.data_dir()));
  LEVADA_TRY(files.replace(path, id));
  return id;
}

}  // namespace levada::kafka_source
