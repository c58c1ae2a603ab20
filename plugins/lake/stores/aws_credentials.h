// Where the AWS SDKs look for credentials and settings, in their order: what the user set, the
// environment, a web identity (Kubernetes), the files in ~/.aws, the container, the machine.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "http/http_client.h"
#include "lake/stores/aws_signature.h"
#include "levada/host.h"
#include "levada/result.h"

namespace levada::lake {

// An environment variable; nothing where it is not set or empty.
using Environment = std::function<std::optional<std::string>(const char*)>;
std::optional<std::string> process_environment(const char* name);

// The keys and values of one profile, of ~/.aws/credentials and ~/.aws/config.
using AwsProfile = std::map<std::string, std::string, std::less<>>;
// `profile`: its name; empty: AWS_PROFILE, or "default". A file that is not there has no profile.
Result<AwsProfile> read_aws_profile(const Host& host, const Environment& environment, const std::string& profile);

class AwsCredentialsChain {
 public:
  // With an access key these are all there is; else `profile` as above, and then elsewhere.
  AwsCredentialsChain(Host host, AwsCredentials given, std::string profile,
                      Environment environment = process_environment)
      : host_(host), given_(std::move(given)), profile_(std::move(profile)), environment_(std::move(environment)) {}

  // The same ones until they are about to expire.
  Result<AwsCredentials> get();
  // Reads them anew with the next call: a server did not take these.
  void forget() { known_.reset(); }

 private:
  struct Expiring {
    AwsCredentials credentials;
    std::optional<std::chrono::seconds> until;  // Since 1970 UTC.
  };
  using Found = Result<std::optional<Expiring>>;

  Found from_environment() const;
  Found from_web_identity() const;
  Found from_profile() const;
  Found from_container() const;
  Found from_machine() const;
  Result<std::string> fetch(HttpRequest request) const;

  const Host host_;
  const AwsCredentials given_;
  const std::string profile_;
  const Environment environment_;
  std::optional<Expiring> known_;
};

}  // namespace levada::lake
