// WebHDFS answers errors with a RemoteException in JSON, and sends what touches the content of
// files on to a DataNode with a redirect.
#include "lake/stores/webhdfs_client.h"

#include <netdb.h>
#include <simdjson.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "lake/stores/url.h"

namespace levada::lake {
namespace {

using Json = simdjson::dom::element;

constexpr char kContentType[] = "Content-Type: application/octet-stream";
constexpr char kNoDataNode[] = "the NameNode names no DataNode";

std::string text_of(const simdjson::simdjson_result<Json>& value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

int64_t number_of(const simdjson::simdjson_result<Json>& value) {
  int64_t number = 0;
  return value.get(number) == simdjson::SUCCESS ? number : 0;
}

HdfsStatus status_of(const Json& json) {
  HdfsStatus status;
  status.name = text_of(json["pathSuffix"]);
  status.is_folder = text_of(json["type"]) == "DIRECTORY";
  status.bytes = static_cast<uint64_t>(number_of(json["length"]));
  status.modified_ms = number_of(json["modificationTime"]);
  status.id = static_cast<uint64_t>(number_of(json["fileId"]));
  return status;
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string host_name(const std::string& url) {
  const auto start = url.find("://") + 3;
  return url.substr(start, url.find_first_of(":/?", start) - start);
}

// The host and its address: a NameNode knows its DataNodes by the latter.
std::string host_and_address(const std::string& url) {
  const auto host = host_name(url);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  char address[NI_MAXHOST] = "";
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return host;
  getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  return host == address ? host : host + "," + address;
}

Error unreadable(const std::string& what) { return retry(what + ": the answer is no JSON of WebHDFS"); }

}  // namespace

WebHdfsClient::WebHdfsClient(Host host, WebHdfsSettings settings)
    : host_(host), settings_(std::move(settings)), http_(settings_.http) {}

std::string WebHdfsClient::url(const std::string& path, const std::string& operation,
                               const std::string& excluded) const {
  std::string url = (settings_.tls ? "https://" : "http://") +
                    settings_.name_nodes[name_node_ % settings_.name_nodes.size()] + "/webhdfs/v1" +
                    (path.empty() ? "/" : url_encode_path(path)) + "?op=" + operation;
  if (!settings_.delegation_token.empty()) url += "&delegation=" + url_encode(settings_.delegation_token);
  else if (!settings_.user.empty()) url += "&user.name=" + url_encode(settings_.user);
  if (!excluded.empty()) url += "&excludedatanodes=" + url_encode(excluded);
  return url;
}

// Names of Java's exceptions say more than the status does.
WebHdfsClient::Answer WebHdfsClient::judge(HttpResponse response) {
  using Kind = Answer::Kind;
  if (response.status / 100 == 2 || response.status == 307) return {Kind::ok, std::move(response), {}};
  simdjson::dom::parser parser;
  Json json;
  std::string name, why;
  if (parser.parse(response.body).get(json) == simdjson::SUCCESS) {
    const auto exception = json["RemoteException"];
    name = text_of(exception["exception"]);
    why = name + ": " + first_line(text_of(exception["message"]));
  }
  if (name.empty()) {
    why = "HTTP status " + std::to_string(response.status);
    if (!response.reason.empty()) why += ": " + response.reason;
    if (!response.login_failure.empty()) why += "; no Kerberos login: " + response.login_failure;
  }
  auto kind = Kind::again;
  // A path that goes on behind a file is none, whatever the NameNode calls it.
  const bool is_below_file = why.find("is not a directory") != std::string::npos;
  if (name == "FileNotFoundException" || (is_below_file && name == "AccessControlException")) kind = Kind::missing;
  else if (name == "FileAlreadyExistsException") kind = Kind::taken;
  else if (is_one_of(name, {"AccessControlException", "SecurityException", "IllegalArgumentException", "InvalidToken",
                            "UnsupportedOperationException", "ParentNotDirectoryException", "InvalidPathException",
                            "NSQuotaExceededException", "DSQuotaExceededException", "QuotaExceededException",
                            "UnresolvedPathException", "PathIsNotEmptyDirectoryException"}))
    kind = Kind::refused;
  else if (name.empty() && (response.status == 401 || response.status == 404 || response.status == 405))
    kind = Kind::refused;
  return {kind, std::move(response), std::move(why)};
}

WebHdfsClient::Answer WebHdfsClient::ask(const HttpRequest& request) {
  auto response = http_.send(request);
  if (!response) return {Answer::Kind::again, {}, std::move(response).error().message};
  return judge(*std::move(response));
}

WebHdfsClient::Answer WebHdfsClient::ask_name_node(const char* method, const std::string& path,
                                                   const std::string& operation, const std::string& excluded) {
  auto answer = ask({method, url(path, operation, excluded)});
  // Another one may be the active one.
  if (answer.kind == Answer::Kind::again) ++name_node_;
  return answer;
}

WebHdfsClient::Answer WebHdfsClient::ask_data_node(HttpRequest request, const std::string& path,
                                                   const std::string& operation, std::string& excluded) {
  auto answer = ask_name_node(request.method.c_str(), path, operation, excluded);
  if (answer.kind != Answer::Kind::ok) {
    excluded.clear();  // There may be no other DataNode than the ones that are left out.
    return answer;
  }
  request.url = answer.response.header("location");
  if (answer.response.status != 307 || request.url.empty()) return {Answer::Kind::refused, {}, kNoDataNode};
  request.may_negotiate = false;  // The NameNode puts a token into the redirect.
  answer = ask(request);
  // For some seconds the NameNode goes on to send us to a DataNode that has died.
  if (answer.kind == Answer::Kind::again) excluded = host_and_address(request.url);
  return answer;
}

template <class Ask>
Result<WebHdfsClient::Answer> WebHdfsClient::repeat(const std::string& what, const Ask& ask) {
  RepeatCount count(settings_.repeats, host_);
  for (;;) {
    Answer answer = ask();
    if (answer.kind == Answer::Kind::refused) return retry(what + ": " + answer.why);
    if (answer.kind != Answer::Kind::again) return answer;
    if (!count.again()) return retry(what + ": " + answer.why);
  }
}

Result<WebHdfsClient::Answer> WebHdfsClient::name_node(const char* method, const std::string& path,
                                                       const std::string& operation) {
  const auto what = operation.substr(0, operation.find('&')) + " " + path;
  return repeat(what, [&] { return ask_name_node(method, path, operation); });
}

Result<std::optional<HdfsStatus>> WebHdfsClient::status(const std::string& path) {
  auto answer = name_node("GET", path, "GETFILESTATUS");
  if (!answer) return std::move(answer).error();
  if (answer->kind == Answer::Kind::missing) return std::optional<HdfsStatus>();
  simdjson::dom::parser parser;
  Json json;
  if (parser.parse(answer->response.body).get(json) != simdjson::SUCCESS ||
      json["FileStatus"].get(json) != simdjson::SUCCESS)
    return unreadable("GETFILESTATUS " + path);
  return std::optional(status_of(json));
}

Done WebHdfsClient::make_folder(const std::string& path, const char* permission) {
  auto answer = name_node("PUT", path, std::string("MKDIRS&permission=") + permission);
  if (!answer) return std::move(answer).error();
  if (answer->kind == Answer::Kind::ok && answer->response.body.find("true") != std::string::npos) return {};
  return retry("MKDIRS " + path + ": a part of the path is a file");
}

Done WebHdfsClient::set_group(const std::string& path, const std::string& group) {
  auto answer = name_node("PUT", path, "SETOWNER&group=" + url_encode(group));
  if (!answer) return std::move(answer).error();
  if (answer->kind == Answer::Kind::ok) return {};
  return retry("SETOWNER " + path + ": " + answer->why);
}

Result<WebHdfsClient::Renamed> WebHdfsClient::rename(const std::string& from, const std::string& to, bool overwrite) {
  // With options the NameNode says what is wrong, and takes a folder of that name for taken.
  auto answer = name_node(
      "PUT", from,
      std::string("RENAME&renameoptions=") + (overwrite ? "OVERWRITE" : "NONE") + "&destination=" + url_encode(to));
  if (!answer) return std::move(answer).error();
  if (answer->kind == Answer::Kind::missing) return Renamed::missing;
  if (answer->kind == Answer::Kind::taken) return Renamed::taken;
  // A gateway that does not know the options says false for a path that is taken.
  if (answer->response.body.find("false") == std::string::npos) return Renamed::yes;
  if (overwrite) return retry("RENAME " + from + ": this server cannot put a file in place of another");
  return Renamed::taken;
}

// Not sent again by itself: what it did is seen at the first file.
Result<bool> WebHdfsClient::concatenate(const std::string& path, const std::vector<std::string>& sources) {
  std::string joined;
  for (const auto& source : sources) {
    if (source.find(',') != source.npos) return false;
    (joined += joined.empty() ? "" : ",") += url_encode(source);
  }
  const HttpRequest request{"POST", url(path, "CONCAT&sources=" + joined, {})};
  auto response = http_.send(request);
  if (!response) return std::move(response).error().at("CONCAT " + path);
  const auto answer = judge(*std::move(response));
  if (answer.kind == Answer::Kind::ok) return true;
  // Of a folder that is encrypted, or a gateway that has no such call.
  if (answer.kind == Answer::Kind::refused || answer.why.starts_with("HadoopIllegalArgumentException")) return false;
  return retry("CONCAT " + path + ": " + answer.why);
}

Done WebHdfsClient::remove(const std::string& path) {
  auto answer = name_node("DELETE", path, "DELETE&recursive=false");
  if (!answer) return std::move(answer).error();
  return {};
}

Result<WebHdfsClient::Page> WebHdfsClient::list(const std::string& folder, const std::string& after) {
  // NameNodes of today want it in lower case, gateways as it is documented.
  const auto from = after.empty() ? "" : "&startafter=" + url_encode(after) + "&startAfter=" + url_encode(after);
  auto answer = name_node("GET", folder, "LISTSTATUS_BATCH" + from);
  if (!answer) return std::move(answer).error();
  Page page;
  if (answer->kind != Answer::Kind::ok) return page;
  simdjson::dom::parser parser;
  Json json;
  simdjson::dom::array files;
  if (parser.parse(answer->response.body).get(json) != simdjson::SUCCESS ||
      json["DirectoryListing"].get(json) != simdjson::SUCCESS ||
      json["partialListing"]["FileStatuses"]["FileStatus"].get(files) != simdjson::SUCCESS)
    return unreadable("LISTSTATUS_BATCH " + folder);
  for (const auto file : files) page.files.push_back(status_of(file));
  if (!after.empty() && !page.files.empty() && page.files.front().name <= after)
    return retry("LISTSTATUS_BATCH " + folder + ": the server does not know startAfter");
  page.is_last = number_of(json["remainingEntries"]) == 0;
  return page;
}

// SYNC_BLOCK: DataNodes write to their disks before a block counts as complete.
std::string WebHdfsClient::creation() const {
  return std::string("CREATE&overwrite=true&createparent=false&createflag=CREATE,OVERWRITE,SYNC_BLOCK&permission=") +
         (settings_.group.empty() ? "600" : "640");
}

Result<bool> WebHdfsClient::create(const std::string& path, std::string_view bytes) {
  HttpRequest request{"PUT", {}, {kContentType}, bytes};
  std::string excluded;
  auto answer = repeat("CREATE " + path, [&] { return ask_data_node(request, path, creation(), excluded); });
  if (!answer) return std::move(answer).error();
  if (answer->kind == Answer::Kind::missing) return false;
  if (answer->kind == Answer::Kind::taken) return retry("CREATE " + path + ": " + answer->why);
  return true;
}

Result<std::unique_ptr<HttpUpload>> WebHdfsClient::create_upload(const std::string& path, std::string_view bytes) {
  std::unique_ptr<HttpUpload> upload;
  std::string excluded;
  auto answer = repeat("CREATE " + path, [&]() -> Answer {
    auto redirect = ask_name_node("PUT", path, creation(), std::exchange(excluded, {}));
    if (redirect.kind != Answer::Kind::ok) return redirect;
    HttpRequest request{"PUT", redirect.response.header("location"), {kContentType}};
    if (request.url.empty()) return {Answer::Kind::refused, {}, kNoDataNode};
    request.may_negotiate = false;
    const auto url = request.url;
    upload = std::make_unique<HttpUpload>(settings_.http, std::move(request));
    if (auto written = upload->write(bytes); !written) {
      excluded = host_and_address(url);
      return {Answer::Kind::again, {}, std::move(written).error().message};
    }
    return redirect;
  });
  if (!answer) return std::move(answer).error();
  if (answer->kind == Answer::Kind::missing) upload.reset();
  return upload;
}

Done WebHdfsClient::created(const std::string& path, const HttpResponse& response) const {
  const auto answer = judge(response);
  if (answer.kind == Answer::Kind::ok && response.status == 201) return {};
  return retry("CREATE " + path + ": " + answer.why);
}

Result<bool> WebHdfsClient::read(const std::string& path, uint64_t offset, char* to, size_t bytes) {
  HttpRequest request{"GET", {}, {}, {}, to, bytes};
  const auto operation = "OPEN&offset=" + std::to_string(offset) + "&length=" + std::to_string(bytes);
  std::string excluded;
  auto answer = repeat("OPEN " + path, [&]() -> Answer {
    auto got = ask_data_node(request, path, operation, excluded);
    if (got.kind == Answer::Kind::ok && got.response.bytes_into != bytes)
      return {Answer::Kind::again, {}, "fewer bytes came than the file has"};
    return got;
  });
  if (!answer) return std::move(answer).error();
  return answer->kind == Answer::Kind::ok;
}

}  // namespace levada::lake
