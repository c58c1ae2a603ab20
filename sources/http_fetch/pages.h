// Lists that come in pages: where the next one is, and which part of a page are its rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/http_client.h"
#include "levada/result.h"

namespace levada::http_fetch {

enum class PagesBy : uint8_t { none, link, cursor, number };

struct PageRules {
  PagesBy by = PagesBy::none;
  std::string parameter;  // Of the URL's query: the cursor, or the number.
  std::string cursor;     // JSON pointer to the next cursor, or the URL of the next page, in a page.
  int64_t first = 1;      // The number of the first page.
  std::string items;      // JSON pointer to what are rows; empty: all of the page.
};

// What is known of a page once it is whole.
struct Page {
  std::string next;  // What the next one is asked for with: a URL, a cursor or a number; empty: it was the last.
  bool has_rows = true;
};

// The URL of a page: of the first one where `next` is empty.
std::string page_url(const PageRules& rules, const std::string& url, const std::string& next);
// `asked`: what the page was asked for with. With `items`, `text` becomes that part of it alone. A
// failure says what is wrong with the page.
Result<Page> read_page(const PageRules& rules, const std::string& url, const std::string& asked,
                       const HttpResponse& response, std::string& text);
// The target of `<...>; rel="next"`; empty where there is none.
std::string next_link(std::string_view link_header);

}  // namespace levada::http_fetch
