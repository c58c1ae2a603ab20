// Signed requests to one bucket of S3, or of a server that speaks its protocol. What may go by
// itself (a server that is busy, a connection that breaks, credentials that have expired) is
// tried again some times.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http_client.h"
#include "lake/stores/aws_credentials.h"
#include "lake/stores/repeats.h"
#include "levada/host.h"
#include "levada/result.h"

namespace levada::lake {

struct S3Settings {
  std::string bucket;
  std::string root;      // "views/raw": before the keys of all files; empty: the whole bucket.
  std::string endpoint;  // "http://127.0.0.1:9000"; empty: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or AWS.
  std::string region;    // Empty: AWS_REGION, AWS_DEFAULT_REGION, the profile's, or us-east-1.
  // The bucket stands in the path and not in the host's name; nothing: so with an endpoint.
  std::optional<bool> path_style;
  AwsCredentials credentials;  // Empty: looked for in the usual places.
  std::string profile;         // Of ~/.aws; empty: AWS_PROFILE, or "default".
  HttpSettings http;
  Repeats repeats;
  int listed_at_once = 1000;    // S3 lists no more.
  size_t part_bytes = 5 << 20;  // Of a file that is written in parts, at first; S3 takes no smaller ones.
};

struct S3Request {
  std::string method;
  std::string key;  // Empty: the bucket itself.
  std::vector<std::pair<std::string, std::string>> query = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // Names in lower case.
  std::string_view body = {};
  char* into = nullptr;
  size_t into_bytes = 0;
};

struct S3Answer {
  HttpResponse response;
  std::string code;          // Of an error: "NoSuchKey".
  std::string message = {};  // The same for people.
  // An answer before this one was lost, or a failure: what it did is not known.
  bool is_repeated = false;

  long status() const { return response.status; }
  bool ok() const { return response.status / 100 == 2; }
};

// [any]
class S3Client {
 public:
  S3Client(Host host, S3Settings settings, Environment environment = process_environment);

  const S3Settings& settings() const { return settings_; }
  const Host& host() const { return host_; }

  // Answers of 2xx, and what tells of the file: 404, 409 and 412 of conditions, 416. All else is
  // RETRY.
  Result<S3Answer> send(const S3Request& request);
  // The error that an answer is which the caller cannot use.
  static Error refused(const S3Request& request, const S3Answer& answer);

 private:
  struct Place {
    std::string scheme, host, prefix;  // "https", "bucket.s3.eu-west-1.amazonaws.com", "" or "/bucket"
    std::string region;
  };
  Result<Place> place();
  Result<HttpRequest> signed_request(const S3Request& request);
  // Whether another request may be answered otherwise.
  bool is_passing(const S3Answer& answer);

  const Host host_;
  const S3Settings settings_;
  const Environment environment_;
  HttpClient http_;
  std::mutex mutex_;
  AwsCredentialsChain credentials_;
  std::optional<Place> place_;
};

}  // namespace levada::lake
