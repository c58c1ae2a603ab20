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

TEST(HostLineTest, of_urls) {
  const auto urls = [](std::string_view text) { return read(text, Format::urls); };
  EXPECT_EQ(urls("http://a.com/b?c"), "|a.com");
  EXPECT_EQ(urls("https://me:secret@A.com:8443?x@y"), "|A.com");
  EXPECT_EQ(urls("ftp://[2001:db8::1]:21/x"), "|2001:db8::1");
  EXPECT_EQ(urls("a.com/b#c"), "|a.com");
  EXPECT_EQ(urls("http://a.com#c"), "|a.com");
  EXPECT_EQ(urls(" http://a.com/a file.exe "), "|a.com");
  EXPECT_EQ(urls("http://a.com # comment"), "|a.com");
  EXPECT_EQ(urls("http://a.com http://b.com"), "|a.com http");
  EXPECT_EQ(urls("\t "), "");
  EXPECT_EQ(urls("# comment"), "");
  EXPECT_EQ(urls("http://"), "|");
}

TEST(HostLineTest, of_names_as_a_whole) {
  EXPECT_EQ(read("  a.com\r", Format::names), "|a.com");
  EXPECT_EQ(read("a b#c", Format::names), "|a b#c");
  EXPECT_EQ(read("", Format::names), "|");
}

TEST(HostLineTest, of_whatever_it_looks_like) {
  const auto any = [](std::string_view text) { return read(text, Format::automatic); };
  EXPECT_EQ(any("0.0.0.0 a.com b.com # x"), "0.0.0.0|a.com|b.com");
  EXPECT_EQ(any("::1\tlocalhost"), "::1|localhost");
  EXPECT_EQ(any("300.1.1.1 a.com"), "<bad_ip>");
  EXPECT_EQ(any("a.com # x, y"), "|a.com");
  EXPECT_EQ(any("1.2.3.4"), "|1.2.3.4");
  EXPECT_EQ(any("not a domain!"), "<junk>");
  EXPECT_EQ(any("||a.com^"), "|a.com");
  EXPECT_EQ(any("@@||a.com^"), "<exception>");
  EXPECT_EQ(any("a.com##.banner"), "<junk>");
  EXPECT_EQ(any("http://a.com/b,c"), "|a.com");
  for (const char* nothing : {"! Title, of it", "# a,b", "[Adblock Plus 2.0]", "", "id,dateadded,domain,ip,category"})
    EXPECT_EQ(any(nothing), "") << nothing;
  // Feeds: URLhaus, PhishTank, and one of names.
  EXPECT_EQ(any(R"("3012","2026-01-01 00:00:00","http://b.com:81/x","online","a, ""b""","https://urlhaus.example/1/")"),
            "|b.com");
  EXPECT_EQ(any("8,http://c.com/x,http://www.phishtank.com/d.php?id=8,2026-01-01T00:00:00+00:00,yes"), "|c.com");
  EXPECT_EQ(any(R"("0","2026-06-01 00:00:00",www.d.com,1.2.3.4,"ads, banners")"), "1.2.3.4|www.d.com");
  EXPECT_EQ(any(R"("0","2026-06-01 00:00:00",,1.2.3.4,malware)"), "<junk>");
  for (const char* cut : {"\"", "\"a.com", ",", "\"a\"\"", "\"x\",\""}) any(cut);
}

}  // namespace
}  // namespace levada::parse_hosts
