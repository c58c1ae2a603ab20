// What a request has done although its answer never came is found out by the number that each write
// leaves with its object.
#include "lake/stores/s3_store.h"

#include <charconv>
#include <ctime>

#include "lake/stores/s3_files.h"
#include "lake/stores/url.h"
#include "lake/stores/xml.h"

namespace levada::lake {
namespace {

// S3 copies no more in one request.
constexpr uint64_t kLongestCopy = uint64_t{5} << 30;

std::string address(const S3Settings& settings) {
  return "s3://" + settings.bucket + (settings.root.empty() ? "" : "/" + settings.root);
}

// "2026-01-31T23:59:59.123Z"
int64_t milliseconds(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (!rest) return 0;
  int64_t time = int64_t{timegm(&parts)} * 1000;
  if (*rest != '.') return time;
  for (int64_t unit = 100; unit > 0 && *++rest >= '0' && *rest <= '9'; unit /= 10) time += (*rest - '0') * unit;
  return time;
}

}  // namespace

Result<std::unique_ptr<FileStore>> S3Store::make(Host host, S3Settings settings) {
  const auto& given = settings.credentials;
  if (given.access_key.empty() != given.secret_key.empty())
    return wrong(given.access_key.empty() ? "access_key" : "secret_key", "must be set: the other one is");
  if (!given.session_token.empty() && given.access_key.empty())
    return wrong("session_token", "has no effect without access_key and secret_key");
  if (!settings.profile.empty() && !given.access_key.empty())
    return wrong("profile", "has no effect beside access_key");
  const auto& endpoint = settings.endpoint;
  if (!endpoint.empty() && !endpoint.starts_with("http://") && !endpoint.starts_with("https://"))
    return wrong("endpoint", "begins with neither http:// nor https://");
  return std::unique_ptr<FileStore>(std::make_unique<S3Store>(host, std::move(settings)));
}

S3Store::S3Store(Host host, S3Settings settings)
    : client_(std::make_shared<S3Client>(host, std::move(settings))), name_(address(client_->settings())) {}

std::string S3Store::key(const std::string& path) const {
  const auto& root = client_->settings().root;
  if (root.empty() || path.empty()) return root + path;
  return root + "/" + path;
}

Result<std::unique_ptr<OutputFile>> S3Store::create(const std::string& path) {
  return std::unique_ptr<OutputFile>(std::make_unique<S3Output>(client_, key(path)));
}

Result<std::unique_ptr<InputFile>> S3Store::open(const std::string& path) {
  auto object = find_object(*client_, key(path));
  if (!object) return std::move(object).error();
  if (!*object) return std::unique_ptr<InputFile>();
  return std::unique_ptr<InputFile>(std::make_unique<S3Input>(client_, key(path), **std::move(object)));
}

// A request may arrive twice, or its answer be lost: whose the object is says the number in it.
Result<bool> S3Store::put_if_absent(const std::string& path, std::string_view bytes) {
  const auto write_id = new_write_id(client_->host());
  const S3Request request{"PUT", key(path), {}, {{"if-none-match", "*"}, {kWriteId, write_id}}, bytes};
  auto answer = client_->send(request);
  if (!answer) return std::move(answer).error();
  if (answer->ok()) return true;
  if (answer->status() != 412) return S3Client::refused(request, *answer);
  auto object = find_object(*client_, key(path));
  if (!object) return std::move(object).error();
  if (!*object) return retry("PUT " + key(path) + ": a file of that name has been removed just now");
  return (*object)->write_id == write_id;
}

Done S3Store::replace(const std::string& path, std::string_view bytes) {
  const S3Request request{"PUT", key(path), {}, {{kWriteId, new_write_id(client_->host())}}, bytes};
  auto answer = client_->send(request);
  if (!answer) return std::move(answer).error();
  if (!answer->ok()) return S3Client::refused(request, *answer);
  return {};
}

// A copy keeps the number of its write: one that was made before, by a call that got half-way, is
// known by it.
Result<bool> S3Store::rename(const std::string& from, const std::string& to) {
  auto source = find_object(*client_, key(from));
  if (!source) return std::move(source).error();
  if (!*source || from == to) return false;
  auto target = find_object(*client_, key(to));
  if (!target) return std::move(target).error();
  const auto is_same = [&] {
    return !(*source)->write_id.empty() && (*target)->write_id == (*source)->write_id &&
           (*target)->bytes == (*source)->bytes;
  };
  if (*target && !is_same()) return false;
  if (!*target) {
    if ((*source)->bytes > kLongestCopy)
      return retry("rename " + key(from) + ": S3 copies no file of more than 5 GiB in one request");
    const S3Request request{"PUT",
                            key(to),
                            {},
                            {{"x-amz-copy-source", url_encode_path("/" + client_->settings().bucket + "/" + key(from))},
                             {"if-none-match", "*"}}};
    auto answer = client_->send(request);
    if (!answer) return std::move(answer).error();
    if (answer->status() == 412) {
      target = find_object(*client_, key(to));
      if (!target) return std::move(target).error();
      if (!*target) return retry("rename to " + key(to) + ": a file of that name has been removed just now");
      if (!is_same()) return false;
    } else if (answer->status() == 404) {
      return false;
    } else if (!answer->ok()) {
      return S3Client::refused(request, *answer);
    }
  }
  LEVADA_TRY(remove(from));
  return true;
}

Done S3Store::remove(const std::string& path) {
  const S3Request request{"DELETE", key(path)};
  auto answer = client_->send(request);
  if (!answer) return std::move(answer).error();
  if (answer->ok() || answer->status() == 404) return {};
  return S3Client::refused(request, *answer);
}

Result<std::vector<StoredFile>> S3Store::list_keys(const std::string& folder, bool is_deep, const std::string& after) {
  auto prefix = key(folder);
  if (!prefix.empty()) prefix += "/";
  const auto& root = client_->settings().root;
  const auto in_root = root.empty() ? 0 : root.size() + 1;
  std::vector<StoredFile> files;
  std::string token;
  for (;;) {
    S3Request request{"GET", "", {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", prefix}}};
    request.query.emplace_back("max-keys", std::to_string(client_->settings().listed_at_once));
    if (!is_deep) request.query.emplace_back("delimiter", "/");
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    else if (!after.empty()) request.query.emplace_back("start-after", prefix + after);
    auto answer = client_->send(request);
    if (!answer) return std::move(answer).error().at(name_);
    if (!answer->ok()) return S3Client::refused(request, *answer).at(name_);
    auto xml = parse_xml(answer->response.body);
    if (!xml) return std::move(xml).error().at("list " + name_);
    const bool is_encoded = xml->text_of("EncodingType") == "url";
    for (const auto& item : xml->elements) {
      if (item.name != "Contents") continue;
      const auto text = item.text_of("Key");
      auto found = is_encoded ? url_decode(text) : text;
      // An object that stands for a folder is no file; nor is one that is not below the prefix.
      if (found.ends_with('/') || !found.starts_with(prefix) || found.size() == prefix.size()) continue;
      if (!is_deep && found.compare(prefix.size(), std::string::npos, after) <= 0) continue;
      StoredFile file{found.substr(in_root), 0, milliseconds(item.text_of("LastModified"))};
      const auto size = item.text_of("Size");
      std::from_chars(size.data(), size.data() + size.size(), file.bytes);
      files.push_back(std::move(file));
    }
    if (xml->text_of("IsTruncated") != "true") return files;
    token = xml->text_of("NextContinuationToken");
    if (token.empty()) return retry("list " + name_ + ": the answer says that there is more, and not where");
  }
}

Result<std::vector<StoredFile>> S3Store::list(const std::string& folder, const std::string& after) {
  return list_keys(folder, false, after);
}

Result<std::vector<StoredFile>> S3Store::list_all(const std::string& folder) { return list_keys(folder, true, {}); }

}  // namespace levada::lake
