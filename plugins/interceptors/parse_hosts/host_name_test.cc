// Names of hosts, and what is none.
#include "host_name.h"

#include <gtest/gtest.h>

namespace levada::parse_hosts {
namespace {

std::string read(std::string_view text, bool idna = true) {
  std::string name;
  const Fault fault = read_name(text, idna, name);
  const std::string why = text_of(fault);
  return fault == Fault::none ? name : "<" + why.substr(0, why.find(':')) + ">";
}

TEST(HostNameTest, names_are_as_they_are_looked_up) {
  EXPECT_EQ(read("Ads.Example.COM."), "ads.example.com");
  EXPECT_EQ(read("s3_bucket._tcp.example.com"), "s3_bucket._tcp.example.com");
  EXPECT_EQ(read("a-b.xn--p1ai"), "a-b.xn--p1ai");
  EXPECT_EQ(read("1.2.3.4.com"), "1.2.3.4.com");
  EXPECT_EQ(read("256.1.1.1"), "256.1.1.1");
}

TEST(HostNameTest, what_is_no_name_says_why) {
  EXPECT_EQ(read(""), "<empty>");
  EXPECT_EQ(read("."), "<empty>");
  EXPECT_EQ(read("LocalHost"), "<local>");
  EXPECT_EQ(read("ip6-allnodes."), "<local>");
  EXPECT_EQ(read("0.0.0.0"), "<ip_literal>");
  EXPECT_EQ(read("::1"), "<ip_literal>");
  EXPECT_EQ(read("example"), "<single_label>");
  for (const auto& bad :
       {std::string("-a.com"), std::string("a-.com"), std::string("a..com"), std::string(".com"),
        std::string("a com.net"), std::string("a/b.com"), std::string(64, 'x') + ".com", std::string("a.com\0b", 7)})
    EXPECT_EQ(read(bad), "<bad_name>") << bad;
  std::string longest;
  for (int label = 0; label < 4; ++label) longest += std::string(62, 'x') + ".";
  EXPECT_EQ(read(longest + "x").size(), 253u);
  EXPECT_EQ(read(longest + "xx"), "<bad_name>");
}

TEST(HostNameTest, names_that_are_not_ascii_become_what_is_looked_up_or_none) {
  EXPECT_EQ(read("B\xc3\xbc"
                 "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(read("\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84"), "xn--e1afmkfd.xn--p1ai");
  EXPECT_EQ(read("B\xc3\xbc"
                 "cher.example",
                 false),
            "<bad_name>");
  EXPECT_EQ(read("\xff\xfe.example"), "<bad_name>");
  EXPECT_EQ(read("\xc3\xbc"), "<single_label>");
}

TEST(HostNameTest, addresses_are_told_from_names) {
  for (const char* ip : {"0.0.0.0", "255.255.255.255", "01.02.03.04", "::", "fe80::1%lo0", "::ffff:1.2.3.4"})
    EXPECT_TRUE(is_ip(ip)) << ip;
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "001.1.1.1", "1.2.3.x", "a.b", "1:g.2", "::1%Xth0", "x::"})
    EXPECT_FALSE(is_ip(text)) << text;
}

}  // namespace
}  // namespace levada::parse_hosts
