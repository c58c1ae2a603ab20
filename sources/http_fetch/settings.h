// The options of the source `http_fetch`.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "levada/options.h"
#include "pages.h"
#include "rows/row_buffer.h"

namespace levada::http_fetch {

struct FetchSettings {
  Tree urls;
  std::string list;
  std::vector<std::string> columns;
  std::optional<std::chrono::nanoseconds> every;
  std::string cron;
  rows::Rows rows = rows::Rows::lines;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string username, password, bearer_token;
  std::string oauth_token_url, oauth_client_id, oauth_client_secret, oauth_scope;
  std::string proxy, tls_ca, tls_cert, tls_key, tls_key_password;
  bool tls_verify = true;
  std::chrono::nanoseconds connect_timeout{0}, timeout{0}, stall_timeout{0};
  int64_t low_speed = 1;
  int64_t parallel = 4, redirects = 5, retries = 5;
  std::chrono::nanoseconds retry_wait{0}, retry_wait_max{0}, retry_after_max{0};
  Size max_bytes, spool_bytes;
  bool decompress = true, skip_unchanged = true;
  std::string charset;
  Size line_bytes, read_bytes;
  rows::LongLines long_lines = rows::LongLines::reject;
  rows::InvalidUtf8 invalid_utf8 = rows::InvalidUtf8::keep;
  std::string offset_column;
  PagesBy pages = PagesBy::none;
  std::string page_parameter, page_cursor, items;
  int64_t page_first = 1, pages_max = 1000;
};

inline constexpr std::array kFetchOptions = {
    optional<&FetchSettings::urls>("urls", nullptr,
                                   "What to fetch: for each name a URL, or a table with `url` (http, https, file or a "
                                   "path), `headers`, and values such as `category` that become columns.")
        .secret(),
    optional<&FetchSettings::list>("list", R"("")",
                                   "A file with more of them: CSV, whose first line names the columns, `name` and "
                                   "`url` among them; or a YAML list of tables, *.yaml or *.yml."),
    optional<&FetchSettings::columns>("columns", R"(["name", "category", "format"])",
                                      "Which of an entry's values its rows get as columns; `url` is one, too."),
    optional<&FetchSettings::every>("every", nullptr,
                                    "How long after a fetch the next one begins; without it and `cron` each start "
                                    "fetches once."),
    optional<&FetchSettings::cron>("cron", R"("")",
                                   "When fetches begin, in UTC: minute, hour, day, month, day of the week, \"0 3 * * "
                                   "*\"."),
    choice<&FetchSettings::rows>("rows", "lines|whole|json", R"("lines")",
                                 "A row is a line, a whole body, or a JSON document: one of many, line by line or not, "
                                 "or an element of an array."),
    optional<&FetchSettings::headers>("headers", nullptr, "Headers of all requests: { X-Api-Key = \"${env:KEY}\" }.")
        .secret(),
    optional<&FetchSettings::username>("username", R"("")", "For a login by user and password (Basic)."),
    optional<&FetchSettings::password>("password", R"("")", "Its password.").secret(),
    optional<&FetchSettings::bearer_token>("bearer_token", R"("")", "For a login by token (Bearer).").secret(),
    optional<&FetchSettings::oauth_token_url>("oauth_token_url", R"("")",
                                              "Where a token is to be had with OAuth 2 client credentials, which is "
                                              "then the login."),
    optional<&FetchSettings::oauth_client_id>("oauth_client_id", R"("")", "The client's name there."),
    optional<&FetchSettings::oauth_client_secret>("oauth_client_secret", R"("")", "The client's secret.").secret(),
    optional<&FetchSettings::oauth_scope>("oauth_scope", R"("")", "What the token is for, if that is to be said."),
    optional<&FetchSettings::items>("items", R"("")",
                                    "A JSON pointer, \"/data\", to the part of a body that rows are made of: its array "
                                    "with rows = \"json\"."),
    choice<&FetchSettings::pages>("pages", "none|link|cursor|number", R"("none")",
                                  "How a list goes on in further pages: by the Link header, by a cursor or URL in the "
                                  "page, by numbers until a page is empty."),
    optional<&FetchSettings::page_cursor>("page_cursor", R"("/next")",
                                          "A JSON pointer to the next cursor, or the next page's URL."),
    optional<&FetchSettings::page_parameter>("page_parameter", R"("")",
                                             "The parameter of the URL for the cursor or number; \"cursor\" or "
                                             "\"page\" where it is empty."),
    optional<&FetchSettings::page_first>("page_first", "1", "The number of the first page."),
    optional<&FetchSettings::pages_max>("pages_max", "1000",
                                        "No list has more pages; one that has is cut, and a "
                                        "warning says so."),
    optional<&FetchSettings::proxy>("proxy", R"("")",
                                    "The proxy, http://user:password@host:port, with %40 for an @ in the password; "
                                    "without it what the environment says (http_proxy, no_proxy).")
        .secret(),
    optional<&FetchSettings::tls_ca>("tls_ca", R"("")",
                                     "The file with the certificates that servers' are checked against; without it "
                                     "those of the system."),
    optional<&FetchSettings::tls_cert>("tls_cert", R"("")", "A certificate to log in with, PEM."),
    optional<&FetchSettings::tls_key>("tls_key", R"("")", "Its key, PEM."),
    optional<&FetchSettings::tls_key_password>("tls_key_password", R"("")", "The password of the key.").secret(),
    optional<&FetchSettings::tls_verify>("tls_verify", "true", "Whether a server must prove who it is.").advanced(),
    optional<&FetchSettings::connect_timeout>("connect_timeout", R"("10s")", "How long a connection may take."),
    optional<&FetchSettings::timeout>("timeout", R"("1h")", "How long a request may take as a whole; 0: any time."),
    optional<&FetchSettings::stall_timeout>("stall_timeout", R"("60s")",
                                            "A request that is slower than `low_speed` for so long has failed."),
    optional<&FetchSettings::low_speed>("low_speed", "1", "Bytes a second below which a request is too slow."),
    optional<&FetchSettings::parallel>("parallel", "4", "How many are fetched at once."),
    optional<&FetchSettings::redirects>("redirects", "5", "How many redirects of a request are followed."),
    optional<&FetchSettings::retries>("retries", "5", "How often a fetch that failed is tried again."),
    optional<&FetchSettings::retry_wait>("retry_wait", R"("1s")",
                                         "How long before the first of these, twice as long before each further one."),
    optional<&FetchSettings::retry_wait_max>("retry_wait_max", R"("5m")", "But no longer than this."),
    optional<&FetchSettings::retry_after_max>("retry_after_max", R"("1h")",
                                              "And for no longer than this where the server asks for a time "
                                              "(Retry-After)."),
    optional<&FetchSettings::max_bytes>("max_bytes", R"("256MiB")", "A body that is larger, decompressed, is refused."),
    optional<&FetchSettings::spool_bytes>("spool_bytes", R"("4GiB")",
                                          "No further fetch begins while bodies of so many bytes wait on disk.")
        .advanced(),
    optional<&FetchSettings::decompress>("decompress", "true",
                                         "Whether a body that is a gzip or zstd file is decompressed."),
    optional<&FetchSettings::skip_unchanged>("skip_unchanged", "true",
                                             "Whether a body that is the same as the last one of its name gives no "
                                             "rows."),
    optional<&FetchSettings::charset>("charset", R"("")",
                                      "The encoding of the text, \"UTF-16LE\"; without it that of the Content-Type. A "
                                      "byte order mark counts first."),
    optional<&FetchSettings::line_bytes>("line_bytes", R"("1MiB")", "The longest row."),
    choice<&FetchSettings::long_lines>("long_lines", "reject|truncate|split", R"("reject")",
                                       "A longer line goes to the dead letters, loses its end, or becomes several "
                                       "rows."),
    choice<&FetchSettings::invalid_utf8>("invalid_utf8", "keep|reject", R"("keep")",
                                         "A row that is not UTF-8 passes, or goes to the dead letters."),
    optional<&FetchSettings::offset_column>("offset_column", R"("")",
                                            "The column for the row's first byte in its body, as UTF-8; empty: none."),
    optional<&FetchSettings::read_bytes>("read_bytes", R"("1MiB")", "How much is read for a batch.").advanced(),
};

}  // namespace levada::http_fetch
