// List files: what is read of them, and the place of what is wrong.
#include "entry.h"

#include <gtest/gtest.h>

namespace levada::http_fetch {
namespace {

std::string message_of(const Result<std::vector<Entry>>& entries) { return entries ? "" : entries.error().message; }
std::string yaml_fault(std::string_view text) { return message_of(entries_of_yaml("l.yaml", text)); }
std::string csv_fault(std::string_view text) { return message_of(entries_of_csv("l.csv", text)); }

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(YamlEntries, have_names_urls_values_and_headers) {
  for (const std::string before : {"", "sources:\n", "\xef\xbb\xbf# lists\n---\n"}) {
    const auto entries = entries_of_yaml("l.yaml", before +
                                                       "- name: ads\n"
                                                       "  url: https://lists.example/ads?a=b#c\n"
                                                       "  category: 'ads, banners'  # a comment\n"
                                                       "  level: 3\n"
                                                       "  note:\n"
                                                       "  empty: ''\n"
                                                       "  headers: { Auth-Key: secret, X: 1 }\n"
                                                       "- { name: own, url: /srv/own.txt }\n");
    ASSERT_TRUE(entries) << entries.error().message;
    ASSERT_EQ(entries->size(), 2u);
    const auto& ads = entries->front();
    EXPECT_EQ(ads.name, "ads");
    EXPECT_EQ(ads.url, "https://lists.example/ads?a=b#c");
    EXPECT_EQ(ads.values, (Pairs{{"category", "ads, banners"}, {"level", "3"}}));
    EXPECT_EQ(ads.headers, (Pairs{{"Auth-Key", "secret"}, {"X", "1"}}));
    EXPECT_EQ(entries->back().url, "/srv/own.txt");
    EXPECT_TRUE(entries->back().values.empty());
  }
}

TEST(YamlEntries, may_share_what_an_anchor_names) {
  const auto entries = entries_of_yaml("l.yaml",
                                       "- { name: a, url: /a, headers: &login { Key: k } }\n"
                                       "- { name: b, url: /b, headers: *login }\n");
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->back().headers, (Pairs{{"Key", "k"}}));
}

TEST(YamlEntries, are_none_in_an_empty_file) {
  for (const char* text : {"", "# nothing\n", "---\n", "[]", "sources: []"}) {
    const auto entries = entries_of_yaml("l.yaml", text);
    ASSERT_TRUE(entries) << text;
    EXPECT_TRUE(entries->empty()) << text;
  }
}

TEST(YamlEntries, say_where_they_are_wrong) {
  EXPECT_EQ(yaml_fault("- name: a\n  url: /a\n- { name: b\n"), "l.yaml:4:1: end of map flow not found");
  EXPECT_EQ(yaml_fault("- name: a\n\turl: /a\n"), "l.yaml:2:1: illegal tab when looking for indentation");
  EXPECT_EQ(yaml_fault("lists"), "l.yaml:1:1: must be a list of tables, alone or as `sources`: - name: ads");
  EXPECT_EQ(yaml_fault("- a\n"), "l.yaml:1:3: must be a table with `name` and `url`");
  EXPECT_EQ(yaml_fault("- url: /a\n"), "l.yaml:1:3: has no `name`");
  EXPECT_EQ(yaml_fault("- name: a\n"), "l.yaml:1:3: has no `url`");
  EXPECT_EQ(yaml_fault("- name: a\n  url: ftp://a\n"), "l.yaml:1:3: a: cannot be fetched: http, https and file can");
  EXPECT_EQ(yaml_fault("- name: a\n  url: /a\n  url: /b\n"), "l.yaml:3:3: `url` is there twice");
  EXPECT_EQ(yaml_fault("- name: a\n  url: [ /a ]\n"), "l.yaml:2:8: `url` must be a text, a number or a boolean");
  EXPECT_EQ(yaml_fault("- name: a\n  url: /a\n  headers: k\n"), "l.yaml:3:12: `headers` must be a table");
  EXPECT_EQ(yaml_fault("- name: a\n  url: /a\n  headers: { k: [] }\n"), "l.yaml:3:14: a header is a name and a text");
  EXPECT_EQ(yaml_fault("- { name: a, url: /a }\n- { name: a, url: /b }\n"),
            "l.yaml:2:3: there are two lists of the name a");
  EXPECT_EQ(yaml_fault("[]\n---\n[]\n"), "l.yaml:3:1: a second document begins here; a list is one");
  EXPECT_NE(yaml_fault(std::string(100'000, '[')), "");
}

TEST(CsvEntries, say_where_they_are_wrong) {
  EXPECT_EQ(csv_fault("name\na\n"), "l.csv:1: the first line names the columns, and has no \"url\"");
  EXPECT_EQ(csv_fault("name,url\n\na,/a,x\n"), "l.csv:3: has 3 fields, and the first line 2");
  EXPECT_EQ(csv_fault("name,url\na,/a\na,/b\n"), "l.csv:3: there are two lists of the name a");
}

}  // namespace
}  // namespace levada::http_fetch
