// Reads the XML that S3 answers with: elements with text or elements in them. Attributes,
// comments and processing instructions are skipped; prefixes of names are not looked at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"

namespace levada::lake {

struct XmlElement {
  std::string name;
  std::string text;  // What stands directly in it.
  std::vector<XmlElement> elements;

  // The first of that name in it; null where there is none.
  const XmlElement* find(std::string_view name) const;
  // The text of that one; empty where there is none.
  std::string text_of(std::string_view name) const;
};

// The outermost element. RETRY where the text is no such XML: a response may have been cut.
Result<XmlElement> parse_xml(std::string_view text);

// For putting text into XML.
std::string xml_escape(std::string_view text);

}  // namespace levada::lake
