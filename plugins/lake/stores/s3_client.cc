// The body of each request is hashed and its hash signed, so that a server takes no body that was
// cut or changed on its way.
#include "lake/stores/s3_client.h"

#include <algorithm>

#include "lake/stores/url.h"
#include "lake/stores/xml.h"

namespace levada::lake {
namespace {

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::string first_of(std::initializer_list<std::optional<std::string>> values) {
  for (const auto& value : values)
    if (value && !value->empty()) return *value;
  return {};
}

void read_error(S3Answer& answer) {
  if (answer.response.body.find("<Error") == std::string::npos) return;
  const auto xml = parse_xml(answer.response.body);
  if (!xml || xml->name != "Error") return;
  answer.code = xml->text_of("Code");
  answer.message = xml->text_of("Message");
}

std::string what(const S3Request& request) { return request.method + " " + request.key; }

}  // namespace

S3Client::S3Client(Host host, S3Settings settings, Environment environment)
    : host_(host),
      settings_(std::move(settings)),
      environment_(std::move(environment)),
      http_(settings_.http),
      credentials_(host, settings_.credentials, settings_.profile, environment_) {}

Result<S3Client::Place> S3Client::place() {
  if (place_) return *place_;
  auto profile = read_aws_profile(host_, environment_, settings_.profile);
  if (!profile) return std::move(profile).error();
  const auto of_profile = [&](std::string_view key) -> std::optional<std::string> {
    const auto found = profile->find(key);
    return found == profile->end() ? std::nullopt : std::optional(found->second);
  };
  Place place;
  place.region = first_of({settings_.region, environment_("AWS_REGION"), environment_("AWS_DEFAULT_REGION"),
                           of_profile("region"), "us-east-1"});
  auto endpoint = first_of({settings_.endpoint, environment_("AWS_ENDPOINT_URL_S3"), environment_("AWS_ENDPOINT_URL"),
                            of_profile("endpoint_url")});
  const bool in_path =
      settings_.path_style.value_or(!endpoint.empty() || settings_.bucket.find('.') != std::string::npos);
  if (endpoint.empty()) endpoint = "https://s3." + place.region + ".amazonaws.com";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const auto scheme_end = endpoint.find("://");
  if (scheme_end == std::string::npos)
    return fatal("the endpoint \"" + endpoint + "\" begins with neither http:// nor https://");
  place.scheme = endpoint.substr(0, scheme_end);
  const auto host = endpoint.substr(scheme_end + 3);
  if (host.find('/') != std::string::npos) return fatal("the endpoint \"" + endpoint + "\" has a path");
  place.host = in_path ? host : settings_.bucket + "." + host;
  if (in_path) place.prefix = "/" + settings_.bucket;
  place_ = place;
  return place;
}

Result<HttpRequest> S3Client::signed_request(const S3Request& request) {
  const std::lock_guard lock(mutex_);
  auto at = place();
  if (!at) return std::move(at).error();
  auto credentials = credentials_.get();
  if (!credentials) return std::move(credentials).error();
  const auto path = at->prefix + "/" + url_encode_path(request.key);
  auto host = at->host;
  // The library sends no port that is the scheme's own.
  for (const auto* port : {":443", ":80"})
    if (host.ends_with(port) && (at->scheme == "https") == (std::string_view(port) == ":443"))
      host.resize(host.size() - std::string_view(port).size());
  const auto query = canonical_query(request.query);
  HttpRequest http{request.method, at->scheme + "://" + at->host + path + (query.empty() ? "" : "?" + query)};
  http.headers =
      sign_request({request.method, host, path, request.query, request.headers, sha256_hex(request.body)}, *credentials,
                   at->region, "s3", std::chrono::duration_cast<std::chrono::seconds>(host_.now()));
  // What libcurl adds by itself is none that S3 is to keep.
  if (request.method == "PUT" || request.method == "POST") http.headers.push_back("Content-Type:");
  http.body = request.body;
  http.into = request.into;
  http.into_bytes = request.into_bytes;
  return http;
}

bool S3Client::is_passing(const S3Answer& answer) {
  const auto status = answer.status();
  if (answer.ok()) return !answer.code.empty();  // CompleteMultipartUpload and CopyObject say 200 before they know.
  if (status >= 500 || status == 429 || status == 408) return true;
  // Two conditional writes met: one of them is to come again.
  if (status == 409 && is_one_of(answer.code, {"ConditionalRequestConflict", "OperationAborted"})) return true;
  const std::lock_guard lock(mutex_);
  const auto region = answer.response.header("x-amz-bucket-region");
  if (is_one_of(answer.code, {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"})) {
    credentials_.forget();
    return true;
  }
  // The bucket is in another region than the one that we signed for.
  if ((status == 301 || status == 400 || status == 403) && !region.empty() && place_ && place_->region != region) {
    if (const auto at = place_->host.find("s3." + place_->region + ".amazonaws.com"); at != std::string::npos)
      place_->host = place_->host.substr(0, at) + "s3." + region + ".amazonaws.com";
    place_->region = region;
    return true;
  }
  return is_one_of(answer.code, {"RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable", "BadDigest",
                                 "IncompleteBody", "XAmzContentSHA256Mismatch", "RequestTimeTooSkewed"});
}

Result<S3Answer> S3Client::send(const S3Request& request) {
  RepeatCount count(settings_.repeats, host_);
  for (;;) {
    auto http = signed_request(request);
    if (!http) return std::move(http).error();
    auto response = http_.send(*http);
    Error failure{};
    if (response) {
      S3Answer answer{*std::move(response), {}, {}, count.failed() > 0};
      read_error(answer);
      if (!is_passing(answer)) {
        const auto status = answer.status();
        if (answer.ok() || status == 404 || status == 409 || status == 412 || status == 416) return answer;
        return refused(request, answer);
      }
      failure = refused(request, answer);
    } else {
      failure = std::move(response).error().at(what(request));
    }
    if (!count.again()) return failure;
  }
}

Error S3Client::refused(const S3Request& request, const S3Answer& answer) {
  auto why = what(request) + ": ";
  if (answer.code.empty()) why += "HTTP status " + std::to_string(answer.status());
  else why += answer.code + ": " + answer.message;
  return retry(std::move(why));
}

}  // namespace levada::lake
