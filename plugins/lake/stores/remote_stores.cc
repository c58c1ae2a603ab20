// One table of options for each kind of store.
#include "lake/stores/remote_stores.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lake/stores/s3_store.h"
#include "lake/stores/webhdfs_store.h"

namespace levada::lake {
namespace {

// An option, and what it fills.
struct Setting {
  std::string_view name;
  std::variant<std::string*, bool*, std::optional<bool>*> to;
};

Done assign(const Tree& option, const Setting& setting) {
  const auto name = "storage." + std::string(setting.name);
  if (auto* const* text = std::get_if<std::string*>(&setting.to)) {
    if (option.type() != LEVADA_STRING) return wrong(name, "is a text");
    **text = option.text();
    return {};
  }
  if (option.type() != LEVADA_BOOLEAN) return wrong(name, "is true or false");
  const bool value = option.integer() != 0;
  if (auto* const* flag = std::get_if<bool*>(&setting.to)) **flag = value;
  else *std::get<std::optional<bool>*>(setting.to) = value;
  return {};
}

Done assign_all(const Tree& options, const StoreAddress& address, const std::vector<Setting>& settings) {
  for (size_t at = 0; at < options.size(); ++at) {
    const auto option = options[at];
    const Setting* found = nullptr;
    std::string known;
    for (const auto& setting : settings) {
      if (setting.name == option.key()) found = &setting;
      (known += known.empty() ? "" : ", ") += setting.name;
    }
    if (!found)
      return wrong("storage." + std::string(option.key()),
                   "is unknown for " + address.scheme + "://, which has " + known);
    LEVADA_TRY(assign(option, *found));
  }
  return {};
}

std::vector<std::string> split(const std::string& hosts) {
  std::vector<std::string> all;
  for (size_t at = 0; at <= hosts.size();) {
    const auto end = std::min(hosts.find(',', at), hosts.size());
    if (end > at) all.push_back(hosts.substr(at, end - at));
    at = end + 1;
  }
  return all;
}

Result<std::unique_ptr<FileStore>> in_storage(Result<std::unique_ptr<FileStore>> store) {
  if (store) return store;
  auto error = std::move(store).error();
  if (!error.option.empty() && error.option != "path") error.option.insert(0, "storage.");
  return error;
}

Result<std::unique_ptr<FileStore>> open_webhdfs(const StoreAddress& address, Host host, const Tree& options) {
  WebHdfsSettings settings;
  settings.name_nodes = split(address.authority);
  settings.tls = address.scheme == "swebhdfs";
  settings.root = address.path;
  LEVADA_TRY(assign_all(options, address,
                        {{"user", &settings.user},
                         {"group", &settings.group},
                         {"delegation_token", &settings.delegation_token},
                         {"kerberos", &settings.http.negotiate},
                         {"ca_file", &settings.http.ca_file}}));
  return in_storage(WebHdfsStore::make(host, std::move(settings)));
}

Result<std::unique_ptr<FileStore>> open_s3(const StoreAddress& address, Host host, const Tree& options) {
  S3Settings settings;
  settings.bucket = address.authority;
  settings.root = address.path.empty() ? "" : address.path.substr(1);
  LEVADA_TRY(assign_all(options, address,
                        {{"endpoint", &settings.endpoint},
                         {"region", &settings.region},
                         {"path_style", &settings.path_style},
                         {"access_key", &settings.credentials.access_key},
                         {"secret_key", &settings.credentials.secret_key},
                         {"session_token", &settings.credentials.session_token},
                         {"profile", &settings.profile},
                         {"ca_file", &settings.http.ca_file}}));
  return in_storage(S3Store::make(host, std::move(settings)));
}

}  // namespace

Result<std::unique_ptr<FileStore>> open_remote_store(const StoreAddress& address, Host host, const Tree& options) {
  if (address.scheme == "s3") return open_s3(address, host, options);
  if (address.scheme == "webhdfs" || address.scheme == "swebhdfs") return open_webhdfs(address, host, options);
  if (address.scheme == "hdfs")
    return wrong("path",
                 "HDFS is reached by its web interface: write webhdfs://NAMENODE:9870/... (swebhdfs:// with TLS)");
  return wrong("path", "\"" + address.scheme +
                           "\" is no kind of store: there are folders, s3://, webhdfs:// and "
                           "swebhdfs://");
}

}  // namespace levada::lake
