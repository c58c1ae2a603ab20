// Lines of lists.
#include "host_line.h"

#include <gtest/gtest.h>

#include <string>

namespace levada::parse_hosts {
namespace {

std::string read(std::string_view text, Format format) {
  HostLine line;
  read_line(text, format, line);
  const std::string why = text_of(line.fault);
  if (line.fault != Fault::none) return "<" + why.substr(0, why.find(':')) + ">";
  std::string all(line.ip);
  for (const auto name : line.names) all += "|" + std::string(name);
  return all;
}

TEST(HostLineTest, of_hosts_files) {
  const auto hosts = [](std::string_view text) { return read(text, Format::hosts); };
  EXPECT_EQ(hosts("0.0.0.0 a.com"), "0.0.0.0|a.com");
  EXPECT_EQ(hosts("\xef\xbb\xbf  127.0.0.1\ta.com  b.com # tracker\r"), "127.0.0.1|a.com|b.com");
  EXPECT_EQ(hosts("::1 localhost ip6-localhost"), "::1|localhost|ip6-localhost");
  EXPECT_EQ(hosts("0.0.0.0\xc2\xa0"
                  "a.com\xe3\x80\x80"
                  "b.com"),
            "0.0.0.0|a.com|b.com");
  for (const char* nothing : {"", "   ", "# comment", "\r", "\t# x", "\xef\xbb\xbf"}) EXPECT_EQ(hosts(nothing), "");
  EXPECT_EQ(hosts("300.1.1.1 a.com"), "<bad_ip>");
  EXPECT_EQ(hosts("a.com"), "<bad_ip>");
  EXPECT_EQ(hosts("! comment"), "<bad_ip>");
  EXPECT_EQ(hosts("0.0.0.0"), "<no_host>");
  EXPECT_EQ(hosts("0.0.0.0#a.com"), "<no_host>");
}

TEST(HostLineTest, of_lists_of_names) {
  const auto names = [](std::string_view text) { return read(text, Format::domains); };
  EXPECT_EQ(names(" a.com "), "|a.com");
  EXPECT_EQ(names("a.com#x"), "|a.com");
  EXPECT_EQ(names(" ! comment"), "");
  EXPECT_EQ(names("not a domain!"), "<junk>");
}

TEST(HostLineTest, of_rules_for_ad_blockers) {
  const auto rules = [](std::string_view text) { return read(text, Format::adblock); };
  EXPECT_EQ(rules("||ads.example.com^"), "|ads.example.com");
  EXPECT_EQ(rules("||ads.example.com^$important"), "|ads.example.com");
  for (const char* nothing : {"! Title", "[Adblock Plus 2.0]", "# comment", ""}) EXPECT_EQ(rules(nothing), "");
  EXPECT_EQ(rules("@@||example.com^"), "<exception>");
  for (const char* other :
       {"||example.com", "||example.com^$script", "example.com##.banner", "/ads/*", "|https://x^", "a b"})
    EXPECT_EQ(rules(other), "<junk>") << other;
}

}  // namespace
}  // namespace levada::parse_hosts
