// The examples that Amazon publishes with its signatures.
#include "lake/stores/aws_signature.h"

#include <gtest/gtest.h>

namespace levada::lake {
namespace {

constexpr std::chrono::seconds kTime{1'369'353'600};  // 2013-05-24T00:00:00Z
const AwsCredentials kCredentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", {}};

std::string signature(UnsignedRequest request, const AwsCredentials& credentials = kCredentials) {
  request.host = "examplebucket.s3.amazonaws.com";
  const auto headers = sign_request(std::move(request), credentials, "us-east-1", "s3", kTime);
  const auto& last = headers.back();
  return last.substr(last.find("Signature=") + 10);
}

TEST(AwsSignatureTest, signs_a_range_of_an_object) {
  EXPECT_EQ(signature({"GET", {}, "/test.txt", {}, {{"range", "bytes=0-9"}}, sha256_hex("")}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(AwsSignatureTest, signs_an_object_with_its_body) {
  EXPECT_EQ(signature({"PUT",
                       {},
                       "/test%24file.text",
                       {},
                       {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                       sha256_hex("Welcome to Amazon S3.")}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(AwsSignatureTest, signs_queries) {
  EXPECT_EQ(signature({"GET", {}, "/", {{"lifecycle", ""}}, {}, sha256_hex("")}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  // In whatever order they are given.
  EXPECT_EQ(signature({"GET", {}, "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, sha256_hex("")}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(AwsSignatureTest, a_session_token_is_sent_and_signed) {
  auto credentials = kCredentials;
  credentials.session_token = "token";
  const auto headers =
      sign_request({"GET", "host", "/", {}, {}, sha256_hex("")}, credentials, "us-east-1", "s3", kTime);
  EXPECT_NE(std::find(headers.begin(), headers.end(), "x-amz-security-token: token"), headers.end());
  EXPECT_NE(headers.back().find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"),
            std::string::npos);
}

TEST(AwsSignatureTest, queries_are_encoded) {
  EXPECT_EQ(canonical_query({{"start-after", "a b/ü+"}, {"list-type", "2"}}),
            "list-type=2&start-after=a%20b%2F%C3%BC%2B");
}

}  // namespace
}  // namespace levada::lake
