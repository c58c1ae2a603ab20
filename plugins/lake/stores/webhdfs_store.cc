// What a call has done although its answer never came is found out by the file's id on the
// NameNode.
#include "lake/stores/webhdfs_store.h"

#include <algorithm>
#include <cstdio>
#include <functional>

#include "lake/stores/url.h"
#include "lake/stores/webhdfs_files.h"

namespace levada::lake {
namespace {

constexpr size_t kKnownFolders = 10'000;
// The request has all of their paths in it, and servers take some ten thousand bytes.
constexpr size_t kConcatenatedAtOnce = 50;

std::string hex(uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

}  // namespace

Result<std::unique_ptr<FileStore>> WebHdfsStore::make(Host host, WebHdfsSettings settings) {
  if (settings.name_nodes.empty()) return wrong("path", "names no NameNode; write \"webhdfs://host:9870/folder\"");
  if (!settings.http.ca_file.empty() && !settings.tls)
    return wrong("ca_file", "has no effect with webhdfs://: write swebhdfs://, or leave it out");
  if (!settings.delegation_token.empty() && (settings.http.negotiate || !settings.user.empty()))
    return wrong("delegation_token", "says who the user is: leave user and kerberos out");
  if (settings.http.negotiate && !http_can_negotiate())
    return wrong("kerberos", "cannot be used: the libcurl of this machine has no SPNEGO");
  return std::unique_ptr<FileStore>(std::make_unique<WebHdfsStore>(host, std::move(settings)));
}

WebHdfsStore::WebHdfsStore(Host host, WebHdfsSettings settings)
    : client_(std::make_shared<WebHdfsClient>(host, std::move(settings))) {
  name_ = client_->settings().tls ? "swebhdfs://" : "webhdfs://";
  for (const auto& node : client_->settings().name_nodes)
    (name_ += &node == &client_->settings().name_nodes.front() ? "" : ",") += node;
  name_ += client_->settings().root;
}

std::string WebHdfsStore::absolute(const std::string& path) const {
  const auto& root = client_->settings().root;
  return path.empty() ? root : root + "/" + path;
}

Done WebHdfsStore::make_folder(const std::string& path) {
  if (path.empty() || folders_.contains(path)) return {};
  auto status = client_->status(path);
  if (!status) return std::move(status).error();
  if (*status && !(*status)->is_folder) return retry(path + " is a file, and is to be a folder");
  if (!*status) {
    LEVADA_TRY(make_folder(parent_path(path)));
    LEVADA_TRY(client_->make_folder(path, client_->settings().group.empty() ? "700" : "750"));
    if (const auto& group = client_->settings().group; !group.empty()) LEVADA_TRY(client_->set_group(path, group));
  }
  if (folders_.size() >= kKnownFolders) folders_.clear();
  folders_.insert(path);
  return {};
}

Result<std::unique_ptr<OutputFile>> WebHdfsStore::create(const std::string& path) {
  const auto target = absolute(path);
  // Called a second time where the folder turned out to be gone.
  auto make = [this, folder = parent_path(target), first = true]() mutable -> Done {
    if (!std::exchange(first, false)) folders_.clear();
    return make_folder(folder);
  };
  return std::unique_ptr<OutputFile>(std::make_unique<WebHdfsOutput>(client_, target, std::move(make)));
}

Result<std::unique_ptr<InputFile>> WebHdfsStore::open(const std::string& path) {
  auto status = client_->status(absolute(path));
  if (!status) return std::move(status).error();
  if (!*status || (*status)->is_folder) return std::unique_ptr<InputFile>();
  return std::unique_ptr<InputFile>(std::make_unique<WebHdfsInput>(client_, absolute(path), **status));
}

Result<std::string> WebHdfsStore::write_aside(const std::string& path, std::string_view bytes) {
  auto aside = joined(parent_path(path), "." + file_name(path) + "." + hex(client_->host().random()) + ".tmp");
  auto file = create(aside);
  if (!file) return std::move(file).error();
  LEVADA_TRY((*file)->write(bytes));
  LEVADA_TRY((*file)->finish());
  return aside;
}

// Who renames its own file has won; nobody else knows the name that it had. So where the target is
// taken, the file is still there if another took it.
Result<bool> WebHdfsStore::put_if_absent(const std::string& path, std::string_view bytes) {
  auto there = client_->status(absolute(path));
  if (!there) return std::move(there).error();
  if (*there) return false;
  auto aside = write_aside(path, bytes);
  if (!aside) return std::move(aside).error();
  const auto from = absolute(*aside);
  auto renamed = client_->rename(from, absolute(path), false);
  if (!renamed) return std::move(renamed).error();
  if (*renamed == WebHdfsClient::Renamed::yes) return true;
  auto left = client_->status(from);
  if (!left) return std::move(left).error();
  if (!*left) return true;
  LEVADA_TRY(client_->remove(from));
  if (*renamed == WebHdfsClient::Renamed::taken) return false;
  folders_.clear();
  return retry("rename to " + absolute(path) + ": its folder has been removed");
}

Done WebHdfsStore::replace(const std::string& path, std::string_view bytes) {
  auto aside = write_aside(path, bytes);
  if (!aside) return std::move(aside).error();
  const auto from = absolute(*aside);
  auto renamed = client_->rename(from, absolute(path), true);
  if (!renamed) return std::move(renamed).error();
  if (*renamed == WebHdfsClient::Renamed::yes) return {};
  // The answer to an earlier request may have been lost.
  auto left = client_->status(from);
  if (!left) return std::move(left).error();
  if (!*left) return {};
  folders_.clear();
  return retry("rename to " + absolute(path) + ": there is a folder of that name, or none for it");
}

Result<bool> WebHdfsStore::rename(const std::string& from, const std::string& to) {
  auto before = client_->status(absolute(from));
  if (!before) return std::move(before).error();
  if (!*before || (*before)->is_folder) return false;
  LEVADA_TRY(make_folder(parent_path(absolute(to))));
  auto renamed = client_->rename(absolute(from), absolute(to), false);
  if (!renamed) return std::move(renamed).error();
  if (*renamed == WebHdfsClient::Renamed::yes) return true;
  auto after = client_->status(absolute(to));
  if (!after) return std::move(after).error();
  if (!*after) {
    folders_.clear();
    return retry("rename to " + absolute(to) + ": the file or its folder has been removed");
  }
  return (*before)->id != 0 && (*after)->id == (*before)->id && from != to;
}

// How many bytes the first file has says how many of the others it has in it already.
Result<bool> WebHdfsStore::concatenate(const std::vector<StoredFile>& files) {
  const auto first = absolute(files.front().path);
  for (;;) {
    auto status = client_->status(first);
    if (!status) return std::move(status).error();
    if (!*status) return retry("CONCAT " + first + ": the file is missing");
    size_t joined = 0;
    uint64_t bytes = 0;
    while (joined < files.size() && bytes < (*status)->bytes) bytes += files[joined++].bytes;
    if (bytes != (*status)->bytes || joined == 0)
      return retry("CONCAT " + first + ": the file has other bytes than were written");
    if (joined == files.size()) return true;
    std::vector<std::string> sources;
    for (size_t at = joined; at < std::min(files.size(), joined + kConcatenatedAtOnce); ++at)
      sources.push_back(absolute(files[at].path));
    auto done = client_->concatenate(first, sources);
    if (!done) return std::move(done).error();
    if (!*done) return false;
  }
}

Done WebHdfsStore::remove(const std::string& path) { return client_->remove(absolute(path)); }

Result<std::vector<StoredFile>> WebHdfsStore::list(const std::string& folder, const std::string& after) {
  std::vector<StoredFile> files;
  auto from = after;
  for (;;) {
    auto page = client_->list(absolute(folder), from);
    if (!page) return std::move(page).error();
    for (const auto& file : page->files) {
      // A file that is asked for as a folder lists itself, without a name.
      if (!file.is_folder && !file.name.empty())
        files.push_back({joined(folder, file.name), file.bytes, file.modified_ms});
      from = file.name;
    }
    if (page->is_last || page->files.empty()) return files;
  }
}

Done WebHdfsStore::walk(const std::string& folder, std::vector<StoredFile>& files) {
  std::string from;
  for (;;) {
    auto page = client_->list(absolute(folder), from);
    if (!page) return std::move(page).error();
    for (const auto& file : page->files) {
      if (file.name.empty()) return {};
      from = file.name;
      const auto path = joined(folder, file.name);
      if (file.is_folder) LEVADA_TRY(walk(path, files));
      else files.push_back({path, file.bytes, file.modified_ms});
    }
    if (page->is_last || page->files.empty()) return {};
  }
}

Result<std::vector<StoredFile>> WebHdfsStore::list_all(const std::string& folder) {
  std::vector<StoredFile> files;
  LEVADA_TRY(walk(folder, files));
  return files;
}

}  // namespace levada::lake
