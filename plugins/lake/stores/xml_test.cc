// Answers of S3, whole and broken.
#include "lake/stores/xml.h"

#include <gtest/gtest.h>

namespace levada::lake {
namespace {

TEST(XmlTest, reads_elements_in_elements) {
  const auto xml = parse_xml(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- who --><ListBucketResult xmlns=\"http://s3/\">\n"
      "  <Name>lake</Name><IsTruncated>false</IsTruncated><Prefix/>\n"
      "  <Contents><Key>a</Key><Size>1</Size></Contents><Contents><Key>b</Key></Contents ></ListBucketResult>");
  ASSERT_TRUE(xml) << xml.error().message;
  EXPECT_EQ(xml->name, "ListBucketResult");
  EXPECT_EQ(xml->text_of("Name"), "lake");
  EXPECT_EQ(xml->text_of("Prefix"), "");
  EXPECT_EQ(xml->find("Nothing"), nullptr);
  EXPECT_EQ(xml->elements.size(), 5u);
  EXPECT_EQ(xml->elements[4].text_of("Key"), "b");
}

TEST(XmlTest, reads_characters_that_are_escaped) {
  const auto xml = parse_xml("<a>&lt;&amp;&gt;&quot;&apos;&#65;&#xFC;&#x65E5;&#x1F600;<![CDATA[<&]]></a>");
  ASSERT_TRUE(xml) << xml.error().message;
  EXPECT_EQ(xml->text, "<&>\"'Aü日😀<&");
  EXPECT_EQ(xml_escape("<&>\"x"), "&lt;&amp;&gt;\"x");
}

TEST(XmlTest, prefixes_of_names_are_left_out) {
  const auto xml = parse_xml("<s3:a><s3:b x=\"1\">text</s3:b></s3:a>");
  ASSERT_TRUE(xml) << xml.error().message;
  EXPECT_EQ(xml->name + " " + xml->text_of("b"), "a text");
}

TEST(XmlTest, what_was_cut_anywhere_is_no_xml) {
  const std::string text = "<a><b>x&amp;y</b><c/><!-- z --><![CDATA[q]]></a>";
  ASSERT_TRUE(parse_xml(text));
  for (size_t bytes = 0; bytes < text.size(); ++bytes) {
    const auto xml = parse_xml(text.substr(0, bytes));
    ASSERT_FALSE(xml) << text.substr(0, bytes);
    EXPECT_EQ(xml.code(), Code::retry);
  }
}

TEST(XmlTest, what_is_no_xml_is_refused) {
  std::string deep;
  for (int at = 0; at < 100'000; ++at) deep += "<a>";
  for (const auto& text :
       {std::string(), std::string("404 page not found"), std::string("<a></b>"), std::string("<a>&nothing;</a>"),
        std::string("<a>&#x110000;</a>"), std::string("<>x</>"), deep})
    EXPECT_FALSE(parse_xml(text)) << text.substr(0, 40);
}

}  // namespace
}  // namespace levada::lake
