// One function for each place; the first that has credentials is it, and a place that is named but
// cannot be read is a failure and not a reason to look elsewhere.
#include "lake/stores/aws_credentials.h"

#include <simdjson.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "lake/stores/url.h"
#include "lake/stores/xml.h"

namespace levada::lake {
namespace {

using namespace std::chrono_literals;

// New ones are asked for that long before the old ones end.
constexpr auto kEarly = 5min;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// "2026-01-31T23:59:59Z", with or without parts of a second.
std::optional<std::chrono::seconds> time_of(const std::string& text) {
  std::tm parts{};
  if (!strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts)) return std::nullopt;
  return std::chrono::seconds(timegm(&parts));
}

void read_section(std::string_view text, std::string_view name, AwsProfile& to) {
  bool is_inside = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto line = trimmed(whole);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      auto section = trimmed(std::string_view(line).substr(1, line.find(']') - 1));
      if (section.starts_with("profile ")) section = trimmed(section.substr(8));
      is_inside = section == name;
      continue;
    }
    // A line that is set in belongs to a setting of several lines, which none of ours is.
    const auto equals = line.find('=');
    if (!is_inside || equals == std::string::npos || whole[0] == ' ' || whole[0] == '\t') continue;
    to.insert_or_assign(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
  }
}

Result<std::string> read_if_there(const Host& host, const std::string& path) {
  levada_file_info info{};
  const auto found = host.files().stat(path, info);
  if (found == -ENOENT || found == -ENOTDIR) return std::string();
  return host.files().read_whole(path);
}

std::string value_of(const AwsProfile& profile, std::string_view key) {
  const auto found = profile.find(key);
  return found == profile.end() ? std::string() : found->second;
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value || !*value) return std::nullopt;
  return value;
}

Result<AwsProfile> read_aws_profile(const Host& host, const Environment& environment, const std::string& profile) {
  const auto name = !profile.empty() ? profile : environment("AWS_PROFILE").value_or("default");
  const auto home = environment("HOME").value_or("/nonexistent");
  AwsProfile values;
  for (const auto& path : {environment("AWS_CONFIG_FILE").value_or(home + "/.aws/config"),
                           environment("AWS_SHARED_CREDENTIALS_FILE").value_or(home + "/.aws/credentials")}) {
    auto text = read_if_there(host, path);
    if (!text) return std::move(text).error();
    read_section(*text, name, values);
  }
  if (values.empty() && !profile.empty())
    return retry("there is no profile \"" + profile + "\" in the AWS configuration below " + home);
  return values;
}

Result<AwsCredentials> AwsCredentialsChain::get() {
  if (!given_.access_key.empty()) return given_;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(host_.now());
  if (known_ && (!known_->until || now + kEarly < *known_->until)) return known_->credentials;
  for (const auto place :
       {&AwsCredentialsChain::from_environment, &AwsCredentialsChain::from_web_identity,
        &AwsCredentialsChain::from_profile, &AwsCredentialsChain::from_container, &AwsCredentialsChain::from_machine}) {
    // Who names a profile does not mean the environment.
    if (!profile_.empty() && place != &AwsCredentialsChain::from_profile) continue;
    auto found = (this->*place)();
    if (!found) return std::move(found).error().at("AWS credentials");
    if (!*found) continue;
    known_ = **found;
    return known_->credentials;
  }
  return retry(
      "there are no AWS credentials: set access_key and secret_key, or AWS_ACCESS_KEY_ID and "
      "AWS_SECRET_ACCESS_KEY, or write them into ~/.aws/credentials");
}

AwsCredentialsChain::Found AwsCredentialsChain::from_environment() const {
  const auto access_key = environment_("AWS_ACCESS_KEY_ID");
  if (!access_key) return std::optional<Expiring>();
  const auto secret_key = environment_("AWS_SECRET_ACCESS_KEY");
  if (!secret_key) return retry("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
  return std::optional(Expiring{{*access_key, *secret_key, environment_("AWS_SESSION_TOKEN").value_or("")}, {}});
}

AwsCredentialsChain::Found AwsCredentialsChain::from_web_identity() const {
  const auto file = environment_("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = environment_("AWS_ROLE_ARN");
  if (!file || !role) return std::optional<Expiring>();
  auto token = host_.files().read_whole(*file);
  if (!token) return std::move(token).error();
  auto region = environment_("AWS_REGION");
  if (!region) region = environment_("AWS_DEFAULT_REGION");
  const auto endpoint =
      environment_("AWS_ENDPOINT_URL_STS")
          .value_or(region ? "https://sts." + *region + ".amazonaws.com" : "https://sts.amazonaws.com");
  const auto body = canonical_query({{"Action", "AssumeRoleWithWebIdentity"},
                                     {"Version", "2011-06-15"},
                                     {"RoleArn", *role},
                                     {"RoleSessionName", environment_("AWS_ROLE_SESSION_NAME").value_or("levada")},
                                     {"WebIdentityToken", trimmed(*token)}});
  auto answer = fetch({"POST", endpoint + "/", {"Content-Type: application/x-www-form-urlencoded"}, body});
  if (!answer) return std::move(answer).error();
  auto xml = parse_xml(*answer);
  if (!xml) return std::move(xml).error();
  const auto* result = xml->find("AssumeRoleWithWebIdentityResult");
  const auto* found = result ? result->find("Credentials") : nullptr;
  if (!found) return retry("the answer of STS has no credentials");
  return std::optional(
      Expiring{{found->text_of("AccessKeyId"), found->text_of("SecretAccessKey"), found->text_of("SessionToken")},
               time_of(found->text_of("Expiration"))});
}

AwsCredentialsChain::Found AwsCredentialsChain::from_profile() const {
  auto profile = read_aws_profile(host_, environment_, profile_);
  if (!profile) return std::move(profile).error();
  const auto access_key = value_of(*profile, "aws_access_key_id");
  if (!access_key.empty())
    return std::optional(Expiring{
        {access_key, value_of(*profile, "aws_secret_access_key"), value_of(*profile, "aws_session_token")}, {}});
  for (const auto* key : {"credential_process", "sso_session", "sso_start_url", "source_profile"})
    if (profile->contains(key))
      return retry(std::string("the profile has ") + key +
                   ", which is not supported: bring the credentials into the "
                   "environment, or into a profile with aws_access_key_id");
  if (!profile_.empty()) return retry("the profile \"" + profile_ + "\" has no aws_access_key_id");
  return std::optional<Expiring>();
}

namespace {

// What the metadata services of containers and machines answer.
struct MetadataAnswer {
  AwsCredentials credentials;
  std::string until;
};

Result<MetadataAnswer> read_answer(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(text).get(json) != simdjson::SUCCESS) return retry("the answer is no JSON");
  const auto value = [&](const char* key) {
    std::string_view found;
    return json[key].get(found) == simdjson::SUCCESS ? std::string(found) : std::string();
  };
  MetadataAnswer answer{{value("AccessKeyId"), value("SecretAccessKey"), value("Token")}, value("Expiration")};
  if (answer.credentials.access_key.empty()) return retry("the answer has no AccessKeyId");
  return answer;
}

}  // namespace

AwsCredentialsChain::Found AwsCredentialsChain::from_container() const {
  auto url = environment_("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (const auto relative = environment_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
    url = "http://169.254.170.2" + *relative;
  if (!url) return std::optional<Expiring>();
  HttpRequest request{"GET", *url};
  auto token = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const auto file = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    auto text = host_.files().read_whole(*file);
    if (!text) return std::move(text).error();
    token = trimmed(*text);
  }
  if (token) request.headers.push_back("Authorization: " + *token);
  auto text = fetch(std::move(request));
  if (!text) return std::move(text).error();
  auto answer = read_answer(*text);
  if (!answer) return std::move(answer).error();
  return std::optional(Expiring{answer->credentials, time_of(answer->until)});
}

// A machine that is not in AWS's cloud has nobody at that address: then there are none.
AwsCredentialsChain::Found AwsCredentialsChain::from_machine() const {
  if (environment_("AWS_EC2_METADATA_DISABLED").value_or("") == "true") return std::optional<Expiring>();
  const auto server = environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
  auto token = fetch({"PUT", server + "/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds: 21600"}});
  if (!token) return std::optional<Expiring>();
  const std::vector<std::string> headers = {"x-aws-ec2-metadata-token: " + *token};
  const auto folder = server + "/latest/meta-data/iam/security-credentials/";
  auto role = fetch({"GET", folder, headers});
  if (!role) return std::optional<Expiring>();
  auto text = fetch({"GET", folder + url_encode_path(trimmed(*role)), headers});
  if (!text) return std::move(text).error();
  auto answer = read_answer(*text);
  if (!answer) return std::move(answer).error();
  return std::optional(Expiring{answer->credentials, time_of(answer->until)});
}

Result<std::string> AwsCredentialsChain::fetch(HttpRequest request) const {
  HttpSettings settings;
  settings.connect_timeout = 1s;
  HttpClient client(settings);
  request.timeout = 10s;
  auto response = client.send(request);
  if (!response) return std::move(response).error();
  if (response->status / 100 != 2)
    return retry("asked for credentials, a server answered " + std::to_string(response->status));
  return std::move(response->body);
}

}  // namespace levada::lake
