#include "pages.h"

#include <curl/curl.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace levada::http_fetch {
namespace {

namespace ondemand = simdjson::ondemand;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::string text_of(CURLU* url) {
  char* text = nullptr;
  if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK) return {};
  return std::unique_ptr<char, FreeText>(text).get();
}

// Where a link leads that stands on the page of that URL; empty where it is none.
std::string resolved(const std::string& base, const std::string& link) {
  const Url url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return {};
  if (curl_url_set(url.get(), CURLUPART_URL, link.c_str(), 0) != CURLUE_OK) return {};
  return text_of(url.get());
}

bool is_url(const std::string& text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with('/');
}

// The value of the query's parameter is put in the place of the one that is there.
std::string with_parameter(const std::string& of, const std::string& name, const std::string& value) {
  const Url url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, of.c_str(), 0) != CURLUE_OK) return of;
  char* given = nullptr;
  std::string query, rest;
  if (curl_url_get(url.get(), CURLUPART_QUERY, &given, 0) == CURLUE_OK)
    rest = std::unique_ptr<char, FreeText>(given).get();
  for (std::string_view left = rest; !left.empty();) {
    const auto part = left.substr(0, left.find('&'));
    left.remove_prefix(std::min(left.size(), part.size() + 1));
    if (part.substr(0, part.find('=')) == name) continue;
    query += (query.empty() ? "" : "&") + std::string(part);
  }
  const std::unique_ptr<char, FreeText> escaped(
      curl_easy_escape(nullptr, value.c_str(), static_cast<int>(value.size())));
  query += (query.empty() ? "" : "&") + name + "=" + escaped.get();
  if (curl_url_set(url.get(), CURLUPART_QUERY, query.c_str(), 0) != CURLUE_OK) return of;
  return text_of(url.get());
}

std::string next_number(const PageRules& rules, const std::string& asked) {
  int64_t number = rules.first;
  std::from_chars(asked.data(), asked.data() + asked.size(), number);
  return std::to_string(number + 1);
}

// A page of JSON, and what is pointed at in it.
class JsonPage {
 public:
  Result<bool> parse(const std::string& text) {
    text_ = simdjson::padded_string(text);
    if (const auto error = parser_.iterate(text_).get(document_); error) return fault(error);
    return true;
  }
  // Empty where it is missing, null, false or an empty text.
  std::string scalar(const std::string& pointer) {
    ondemand::value value;
    if (document_.at_pointer(pointer).get(value)) return {};
    ondemand::json_type type{};
    if (value.type().get(type)) return {};
    std::string_view text;
    if (type == ondemand::json_type::string) return value.get_string().get(text) ? std::string() : std::string(text);
    if (type != ondemand::json_type::number) return {};
    text = value.raw_json_token();
    return std::string(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
  }
  Result<std::string> raw(const std::string& pointer) {
    std::string_view text;
    simdjson::error_code error = simdjson::SUCCESS;
    if (pointer.empty()) {
      error = simdjson::to_json_string(document_).get(text);
    } else {
      ondemand::value value;
      error = document_.at_pointer(pointer).get(value);
      if (!error) error = simdjson::to_json_string(value).get(text);
    }
    if (error) return fault(error);
    return std::string(text);
  }
  void rewind() { document_.rewind(); }

 private:
  static Error fault(simdjson::error_code error) { return reject(simdjson::error_message(error)); }
  simdjson::padded_string text_;
  ondemand::parser parser_;
  ondemand::document document_;
};

// Of lines, or of JSON: there is something beside brackets and white space.
bool has_something(std::string_view text) { return text.find_first_not_of(" \t\r\n[]") != text.npos; }

}  // namespace

std::string next_link(std::string_view header) {
  while (!header.empty()) {
    const auto begin = header.find('<');
    if (begin == header.npos) return {};
    const auto end = header.find('>', begin);
    if (end == header.npos) return {};
    const auto target = header.substr(begin + 1, end - begin - 1);
    // Commas within quotes stand before no further link.
    size_t at = end + 1;
    for (bool quoted = false; at < header.size() && (quoted || header[at] != ','); ++at)
      if (header[at] == '"') quoted = !quoted;
    const auto parameters = header.substr(end + 1, at - end - 1);
    for (const auto* rel : {"rel=\"next\"", "rel=next", "rel='next'"})
      if (parameters.find(rel) != parameters.npos) return std::string(target);
    header.remove_prefix(std::min(header.size(), at + 1));
  }
  return {};
}

std::string page_url(const PageRules& rules, const std::string& url, const std::string& next) {
  switch (rules.by) {
    case PagesBy::none: return url;
    case PagesBy::link: return next.empty() ? url : next;
    case PagesBy::cursor:
      if (next.empty()) return url;
      return is_url(next) ? next : with_parameter(url, rules.parameter, next);
    case PagesBy::number:
      return with_parameter(url, rules.parameter, next.empty() ? std::to_string(rules.first) : next);
  }
  return url;
}

Result<Page> read_page(const PageRules& rules, const std::string& url, const std::string& asked,
                       const HttpResponse& response, std::string& text) {
  Page page;
  if (rules.by == PagesBy::link) {
    if (const auto link = next_link(response.header("link")); !link.empty()) page.next = resolved(url, link);
  }
  if (rules.by == PagesBy::cursor || !rules.items.empty()) {
    JsonPage json;
    if (auto parsed = json.parse(text); !parsed) return reject("the body is no JSON: " + parsed.error().message);
    if (rules.by == PagesBy::cursor) {
      page.next = json.scalar(rules.cursor);
      if (is_url(page.next)) page.next = resolved(url, page.next);
      json.rewind();
    }
    if (!rules.items.empty()) {
      auto items = json.raw(rules.items);
      if (!items) return reject("the body has no " + rules.items + ": " + items.error().message);
      text = *std::move(items);
    }
  }
  page.has_rows = has_something(text);
  if (rules.by == PagesBy::number && page.has_rows) page.next = next_number(rules, asked);
  // The same page again would never end.
  if (page.next == asked) page.next.clear();
  return page;
}

}  // namespace levada::http_fetch
