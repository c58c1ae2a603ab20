// Credentials are found where the AWS SDKs find them.
#include "lake/stores/aws_credentials.h"

#include <gtest/gtest.h>

#include "http/test_server.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

using namespace std::chrono_literals;

class AwsCredentialsTest : public testing::Test {
 protected:
  AwsCredentialsTest() {
    set("HOME", "/home/me");
    set("AWS_EC2_METADATA_DISABLED", "true");
  }
  void set(const std::string& name, const std::string& value) { variables_[name] = value; }
  void write(const std::string& path, const std::string& text) {
    host_.files().make_folders(path.substr(0, path.rfind('/')));
    ASSERT_TRUE(host_.host().files().replace(path, text));
  }
  Environment environment() {
    return [this](const char* name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }
  std::string get(const std::string& profile = {}) {
    AwsCredentialsChain chain(host_.host(), {}, profile, environment());
    return get(chain);
  }
  static std::string get(AwsCredentialsChain& chain) {
    const auto found = chain.get();
    if (!found) return found.error().message;
    return found->access_key + "/" + found->secret_key + "/" + found->session_token;
  }

  testkit::FakeHost host_;
  std::map<std::string, std::string> variables_;
};

TEST_F(AwsCredentialsTest, what_the_user_set_is_all_there_is) {
  set("AWS_ACCESS_KEY_ID", "other");
  AwsCredentialsChain chain(host_.host(), {"key", "secret", "token"}, {}, environment());
  EXPECT_EQ(get(chain), "key/secret/token");
}

TEST_F(AwsCredentialsTest, the_environment_comes_before_the_files) {
  write("/home/me/.aws/credentials", "[default]\naws_access_key_id = of file\naws_secret_access_key = s\n");
  EXPECT_EQ(get(), "of file/s/");
  set("AWS_ACCESS_KEY_ID", "key");
  EXPECT_EQ(get(), "AWS credentials: AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
  set("AWS_SECRET_ACCESS_KEY", "secret");
  EXPECT_EQ(get(), "key/secret/");
  set("AWS_SESSION_TOKEN", "token");
  EXPECT_EQ(get(), "key/secret/token");
}

TEST_F(AwsCredentialsTest, a_profile_is_read_from_both_files) {
  write("/home/me/.aws/config",
        "[default]\nregion = a\n[profile lake]\n  nested = no\nregion=eu-north-1\n# x\ns3 =\n  max_bandwidth = 1\n");
  write("/home/me/.aws/credentials",
        "[other]\naws_access_key_id=no\n[ lake ]\r\naws_access_key_id = key\r\naws_secret_access_key = se=cret\r\n"
        "aws_session_token=token\r\n");
  EXPECT_EQ(get("lake"), "key/se=cret/token");
  EXPECT_EQ((*read_aws_profile(host_.host(), environment(), "lake"))["region"], "eu-north-1");
  EXPECT_FALSE(read_aws_profile(host_.host(), environment(), "lake")->contains("nested"));
  EXPECT_EQ((*read_aws_profile(host_.host(), environment(), {}))["region"], "a");
  set("AWS_PROFILE", "lake");
  EXPECT_EQ(get(), "key/se=cret/token");
  // Who names a profile does not mean the environment.
  set("AWS_ACCESS_KEY_ID", "environment");
  set("AWS_SECRET_ACCESS_KEY", "environment");
  EXPECT_EQ(get("lake"), "key/se=cret/token");
  EXPECT_EQ(get("none"), "AWS credentials: there is no profile \"none\" in the AWS configuration below /home/me");
}

TEST_F(AwsCredentialsTest, files_may_be_elsewhere) {
  set("AWS_SHARED_CREDENTIALS_FILE", "/secrets/aws");
  write("/secrets/aws", "[default]\naws_access_key_id=key\naws_secret_access_key=secret");
  EXPECT_EQ(get(), "key/secret/");
}

TEST_F(AwsCredentialsTest, none_anywhere_says_what_to_do) {
  EXPECT_NE(get().find("set access_key and secret_key"), std::string::npos);
  write("/home/me/.aws/config", "[default]\nsso_start_url = https://x\n");
  EXPECT_NE(get().find("the profile has sso_start_url, which is not supported"), std::string::npos);
}

TEST_F(AwsCredentialsTest, a_container_is_asked_with_its_token) {
  TestServer server([](const auto&) {
    return TestServer::answer(200, R"({"AccessKeyId":"key","SecretAccessKey":"secret","Token":"token",)"
                                   R"("Expiration":"2026-01-01T01:00:00Z"})");
  });
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url() + "/role");
  set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token");
  write("/token", "who I am\n");
  AwsCredentialsChain chain(host_.host(), {}, {}, environment());
  EXPECT_EQ(get(chain), "key/secret/token");
  EXPECT_NE(server.requests()[0].head.find("\r\nAuthorization: who I am\r\n"), std::string::npos);
  // They are kept until five minutes before their end.
  host_.clock().advance(54min);
  EXPECT_EQ(get(chain), "key/secret/token");
  EXPECT_EQ(server.requests().size(), 1u);
  host_.clock().advance(2min);
  EXPECT_EQ(get(chain), "key/secret/token");
  EXPECT_EQ(server.requests().size(), 2u);
  chain.forget();
  EXPECT_EQ(get(chain), "key/secret/token");
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(AwsCredentialsTest, a_machine_is_asked_with_a_token_of_its_session) {
  TestServer server([](const auto& request) {
    if (request.method == "PUT") return TestServer::answer(200, "session");
    if (request.head.find("x-aws-ec2-metadata-token: session\r\n") == std::string::npos) return TestServer::answer(401);
    if (request.target.ends_with("/security-credentials/")) return TestServer::answer(200, "my role");
    return TestServer::answer(200, R"({"AccessKeyId":"key","SecretAccessKey":"secret","Token":"token"})");
  });
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  set("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
  EXPECT_EQ(get(), "key/secret/token");
  EXPECT_EQ(server.asked(),
            (std::vector<std::string>{"PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/",
                                      "GET /latest/meta-data/iam/security-credentials/my%20role"}));
}

TEST_F(AwsCredentialsTest, a_web_identity_is_exchanged_for_credentials) {
  TestServer server([](const auto&) {
    return TestServer::answer(200,
                              "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                              "<AccessKeyId>key</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
                              "<SessionToken>token</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration>"
                              "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
  });
  write("/token", "a.b.c\n");
  set("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
  set("AWS_ROLE_ARN", "arn:aws:iam::1:role/x");
  set("AWS_ENDPOINT_URL_STS", server.url());
  EXPECT_EQ(get(), "key/secret/token");
  EXPECT_EQ(server.requests()[0].body,
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx&RoleSessionName=levada&"
            "Version=2011-06-15&WebIdentityToken=a.b.c");
}

TEST_F(AwsCredentialsTest, a_place_that_is_named_and_cannot_be_read_is_no_reason_to_look_elsewhere) {
  TestServer server([](const auto&) { return TestServer::answer(500); });
  write("/home/me/.aws/credentials", "[other]\naws_access_key_id = x\n");
  set("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url());
  EXPECT_EQ(get(), "AWS credentials: asked for credentials, a server answered 500");
}

}  // namespace
}  // namespace levada::lake
