// What stands for ${env:}, ${file:} and ${credential:}.
#include "agent/config/substitution.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "agent/config/test_support.h"

namespace levada::agent {

class SubstitutionTest : public testing::Test {
 protected:
  SubstitutionTest() {
    ::setenv("LEVADA_TEST_SET", "value", 1);
    ::setenv("LEVADA_TEST_EMPTY", "", 1);
    ::unsetenv("LEVADA_TEST_UNSET");
  }

  std::string text(const std::string& written) { return substitute(written, folder_.path("")).text; }
  std::string error(const std::string& written) {
    return folder_.without_folder(substitute(written, folder_.path("")).error);
  }

  TestFolder folder_;
};

TEST_F(SubstitutionTest, leaves_other_text_alone) {
  const Substitution result = substitute("logs-{host} $5 $ {", "");
  EXPECT_EQ(result.text, "logs-{host} $5 $ {");
  EXPECT_FALSE(result.any);
  EXPECT_FALSE(result.whole);
}

TEST_F(SubstitutionTest, takes_the_value_of_a_variable) {
  EXPECT_EQ(text("${env:LEVADA_TEST_SET}"), "value");
  EXPECT_EQ(text("a-${env:LEVADA_TEST_SET}-${env:LEVADA_TEST_SET}-b"), "a-value-value-b");
  EXPECT_EQ(text("${env:LEVADA_TEST_EMPTY}"), "");
}

TEST_F(SubstitutionTest, takes_the_default_of_a_variable_that_is_not_set_or_empty) {
  EXPECT_EQ(text("${env:LEVADA_TEST_UNSET:-127.0.0.1:9092}"), "127.0.0.1:9092");
  EXPECT_EQ(text("${env:LEVADA_TEST_EMPTY:-x}"), "x");
  EXPECT_EQ(text("${env:LEVADA_TEST_SET:-x}"), "value");
  EXPECT_EQ(text("${env:LEVADA_TEST_UNSET:-}"), "");
}

TEST_F(SubstitutionTest, takes_the_text_of_a_file_without_its_last_newline) {
  folder_.write("unix", "secret\n\n");
  folder_.write("windows", "secret\r\n");
  EXPECT_EQ(text("${file:unix}"), "secret\n");
  EXPECT_EQ(text("${file:" + folder_.path("windows") + "}"), "secret");
}

TEST_F(SubstitutionTest, takes_a_credential_that_systemd_gave_as_a_secret) {
  folder_.write("credentials/kafka.password", "hidden well\n");
  ::setenv("CREDENTIALS_DIRECTORY", folder_.path("credentials").c_str(), 1);
  const Substitution result = substitute("${credential:kafka.password}", "");
  EXPECT_EQ(result.text, "hidden well");
  EXPECT_TRUE(result.whole);
  EXPECT_EQ(result.secrets, std::vector<std::string>{"hidden well"});
  EXPECT_EQ(error("${credential:none}"), "credential none cannot be read: No such file or directory");
  EXPECT_EQ(error("${credential:../credentials/kafka.password}"),
            "\"../credentials/kafka.password\" is no name of a credential");
  EXPECT_EQ(error("${credential:}"), "\"\" is no name of a credential");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(error("${credential:kafka.password}"),
            "credential kafka.password is not there: CREDENTIALS_DIRECTORY is not set, as systemd does it for a "
            "service with LoadCredential=kafka.password:/path or SetCredential=");
}

TEST_F(SubstitutionTest, does_not_substitute_in_what_it_put_in) {
  folder_.write("text", "${env:LEVADA_TEST_SET}");
  EXPECT_EQ(text("${file:text}"), "${env:LEVADA_TEST_SET}");
}

TEST_F(SubstitutionTest, says_whether_the_string_was_one_substitution_and_nothing_else) {
  EXPECT_TRUE(substitute("${env:LEVADA_TEST_SET}", "").whole);
  EXPECT_FALSE(substitute("${env:LEVADA_TEST_SET}${env:LEVADA_TEST_SET}", "").whole);
  EXPECT_FALSE(substitute(" ${env:LEVADA_TEST_SET}", "").whole);
  EXPECT_FALSE(substitute("$${env:LEVADA_TEST_SET}", "").whole);
}

TEST_F(SubstitutionTest, makes_a_plain_brace_of_two_dollars) {
  EXPECT_EQ(text("$${env:X}"), "${env:X}");
  EXPECT_EQ(text("a$${b}${env:LEVADA_TEST_SET}"), "a${b}value");
}

TEST_F(SubstitutionTest, says_what_is_missing) {
  EXPECT_EQ(error("${env:LEVADA_TEST_UNSET}"),
            "environment variable LEVADA_TEST_UNSET is not set; set it, or give a default: "
            "${env:LEVADA_TEST_UNSET:-default}");
  EXPECT_EQ(error("${file:none}"), "file none cannot be read: No such file or directory");
  folder_.write("folder/file", "");
  EXPECT_EQ(error("${file:folder}"), "file folder is a folder");
  folder_.write("large", std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(error("${file:large}"), "file large is larger than 1048576 bytes");
}

TEST_F(SubstitutionTest, refuses_what_it_does_not_know) {
  EXPECT_EQ(
      error("${HOME}"),
      "unknown substitution ${HOME}; write ${env:NAME}, ${env:NAME:-default}, ${file:path} or ${credential:NAME}, and "
      "$${ for a plain ${");
  EXPECT_EQ(error("x${env:HOME"), "\"${\" is not closed; write $${ for a plain ${");
  EXPECT_EQ(error("${env:}"), "\"\" is no name of an environment variable");
  EXPECT_EQ(error("${env:A-B}"), "\"A-B\" is no name of an environment variable");
  EXPECT_EQ(error("${file:}"), "${file:} names no file");
}

}  // namespace levada::agent
