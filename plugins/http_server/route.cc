#include "http_server/route.h"

#include "levada/http_rules.h"

namespace levada::http_server {

Format format_of(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  for (const auto* lines :
       {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
    if (detail::equal_ignoring_case(type, lines)) return Format::ndjson;
  if (detail::equal_ignoring_case(type, "application/json")) return Format::json;
  if (detail::equal_ignoring_case(type, "text/plain")) return Format::lines;
  return Format::whole;
}

}  // namespace levada::http_server
