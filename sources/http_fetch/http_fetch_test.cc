// The source http_fetch: one list and several, answers of servers, restarts, schedules.
#include "http_fetch.h"

#include "fetch_test_bench.h"
#include "rows/compressed_text.h"

namespace levada::http_fetch {
namespace {

using namespace std::chrono_literals;

class HttpFetchTest : public FetchTestBench {
 protected:
  HttpFetchTest() { host.set_until_drained(true); }
};

TEST_F(HttpFetchTest, gives_the_lines_of_each_list_with_its_columns) {
  TestServer server([](const auto& request) { return answer(200, request.target + " 1\n" + request.target + " 2"); });
  host.files().write_file("/srv/own.txt", "own\n");
  options = "urls = { a = \"" + server.url() + "/a\", b = { url = \"" + server.url() +
            "/b\", category = \"ads\", format = \"hosts\", headers = { X-Key = \"1\" } }, c = \"/srv/own.txt\" }\n"
            "columns = [\"name\", \"category\"]";
  start();
  auto rows = read();
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows, (Texts{"/a 1", "/a 2", "/b 1", "/b 2", "own"}));
  EXPECT_EQ(last_code, Code::end);
  EXPECT_EQ(host.count("files_fetched"), 3);
  for (const auto& request : server.requests()) {
    EXPECT_EQ(request.head.find("X-Key: 1") != std::string::npos, request.target == "/b");
    EXPECT_NE(request.head.find("Accept-Encoding: "), std::string::npos);
  }
  acknowledge();
  EXPECT_EQ(bodies(), Texts());
}

TEST_F(HttpFetchTest, columns_are_those_of_the_entry_and_null_where_it_has_none) {
  host.files().write_file("/list", "x\ny\n");
  options =
      "urls = { a = { url = \"file:///list\", category = \"ads\" } }\ncolumns = [\"url\", \"category\", \"other\"]";
  start();
  EXPECT_EQ(read(), (Texts{"x", "y"}));
  EXPECT_EQ(testkit::texts(last, "url"), (Texts{"file:///list", "file:///list"}));
  EXPECT_EQ(testkit::texts(last, "category"), (Texts{"ads", "ads"}));
  EXPECT_EQ(testkit::texts(last, "other"), (Texts{"<null>", "<null>"}));
  EXPECT_EQ(last.stream, "a");
}

TEST_F(HttpFetchTest, a_list_that_is_unchanged_gives_no_rows) {
  int status = 200;
  TestServer server([&](const auto& request) {
    if (request.head.find("If-None-Match: \"one\"") != std::string::npos) status = 304;
    return status == 304 ? answer(304) : answer(200, "row\n", "ETag: \"one\"\r\nLast-Modified: yesterday\r\n");
  });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(), Texts{"row"});
  acknowledge();
  start();
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(last_code, Code::end);
  EXPECT_EQ(host.count("files_unchanged"), 1);
  EXPECT_NE(server.requests()[1].head.find("If-Modified-Since: yesterday"), std::string::npos);
  // Its answer without rows is acknowledged as well.
  acknowledge();
  start();
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(HttpFetchTest, a_body_that_is_the_same_gives_no_rows_unless_it_is_asked_for) {
  TestServer server([](const auto&) { return answer(200, "row\n"); });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(), Texts{"row"});
  acknowledge();
  start();
  EXPECT_EQ(read(), Texts());
  acknowledge();
  options += "\nskip_unchanged = false";
  start();
  EXPECT_EQ(read(), Texts{"row"});
}

TEST_F(HttpFetchTest, another_url_is_another_list) {
  TestServer server([](const auto& request) {
    return request.head.find("If-None-Match") == std::string::npos
               ? answer(200, request.target + "\n", "ETag: \"e\"\r\n")
               : answer(304);
  });
  options = "urls = { a = \"" + server.url() + "/1\" }";
  start();
  EXPECT_EQ(read(), Texts{"/1"});
  acknowledge();
  options = "urls = { a = \"" + server.url() + "/2\" }";
  start();
  EXPECT_EQ(read(), Texts{"/2"});
}

TEST_F(HttpFetchTest, a_run_that_was_killed_is_gone_on_with_and_fetches_nothing_twice) {
  TestServer server([n = 0](const auto&) mutable { return answer(200, "row " + std::to_string(++n) + "\nrow\n"); });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(), (Texts{"row 1", "row"}));
  positions.clear();
  start();
  EXPECT_EQ(read(), (Texts{"row 1", "row"})) << "downstream has nothing";
  start();
  EXPECT_EQ(read(), Texts()) << "downstream has it all";
  EXPECT_EQ(server.requests().size(), 1u);
  acknowledge();
  start();
  EXPECT_EQ(read(), (Texts{"row 2", "row"})) << "the next run";
}

TEST_F(HttpFetchTest, goes_on_within_a_body) {
  std::string body;
  for (int at = 0; at < 1000; ++at) body += "row " + std::to_string(at) + "\n";
  TestServer server([&](const auto&) { return answer(200, body); });
  options = "urls = { a = \"" + server.url() + "/a\" }\nread_bytes = 1000";
  start();
  Texts all;
  while (all.size() < 300) {
    auto batch = source->poll(100ms);
    if (!batch) continue;
    for (auto& text : testkit::texts(*batch, "body")) all.push_back(text);
    positions["a"] = batch->position;
  }
  start();
  for (auto& text : read()) all.push_back(text);
  EXPECT_EQ(all.size(), 1000u);
  EXPECT_EQ(all[999], "row 999");
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_FALSE(jumped);
}

TEST_F(HttpFetchTest, tries_again_and_waits_as_long_as_the_server_asks_for) {
  TestServer server([n = 0](const auto&) mutable {
    ++n;
    if (n == 1) return answer(503, "busy");
    if (n == 2) return answer(429, "", "Retry-After: 30\r\n");
    return answer(200, "row\n");
  });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  const auto before = host.clock().monotonic();
  EXPECT_EQ(read(1000), Texts{"row"});
  EXPECT_GE(host.clock().monotonic() - before, 30s);
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_EQ(host.count("attempts_failed"), 2);
  EXPECT_EQ(host.count("files_failed"), 0);
  EXPECT_TRUE(host.logged("the server answered 503: busy"));
}

TEST_F(HttpFetchTest, gives_up_and_says_so_while_others_go_on) {
  TestServer server([](const auto& request) {
    return request.target == "/a"   ? answer(500)
           : request.target == "/b" ? answer(404, "no such list")
                                    : answer(200, "row\n");
  });
  options = "retries = 2\nurls = { a = \"" + server.url() + "/a\", b = \"" + server.url() + "/b\", c = \"" +
            server.url() + "/c\", d = \"/missing\" }";
  start();
  EXPECT_EQ(read(1000), Texts{"row"});
  EXPECT_EQ(last_code, Code::end);
  EXPECT_EQ(host.count("files_failed"), 3);
  EXPECT_TRUE(host.logged("b was not fetched: the server answered 404: no such list"));
  const auto asked = server.asked();
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "GET /a"), 3);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), "GET /b"), 1);
}

TEST_F(HttpFetchTest, goes_on_with_a_body_that_broke_off_where_the_server_can) {
  const std::string body = "one\ntwo\nthree\nfour\n";
  TestServer server([&](const auto& request) {
    if (request.head.find("Range: bytes=") == std::string::npos)
      return "HTTP/1.1 200 X\r\nConnection: close\r\nETag: \"v1\"\r\nContent-Length: 19\r\n\r\n" + body.substr(0, 9);
    EXPECT_NE(request.head.find("Range: bytes=9-"), std::string::npos);
    EXPECT_NE(request.head.find("If-Range: \"v1\""), std::string::npos);
    return "HTTP/1.1 206 X\r\nContent-Range: bytes 9-18/19\r\nContent-Length: 10\r\n\r\n" + body.substr(9);
  });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(1000), (Texts{"one", "two", "three", "four"}));
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(HttpFetchTest, begins_anew_where_the_body_is_another_one_by_then) {
  TestServer server([n = 0](const auto&) mutable {
    if (++n == 1)
      return std::string("HTTP/1.1 200 X\r\nConnection: close\r\nETag: \"v1\"\r\nContent-Length: 19\r\n\r\none\ntwo");
    return answer(200, "other\n", "ETag: \"v2\"\r\n");
  });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(1000), Texts{"other"});
}

TEST_F(HttpFetchTest, a_body_that_is_cut_gives_no_rows) {
  TestServer server([](const auto&) {
    return std::string("HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 19\r\n\r\none\ntwo");
  });
  options = "retries = 1\nurls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(1000), Texts());
  EXPECT_EQ(host.count("files_failed"), 1);
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_TRUE(positions.empty());
}

TEST_F(HttpFetchTest, decodes_what_is_compressed_and_what_is_a_compressed_file) {
  TestServer server([](const auto& request) {
    if (request.target == "/encoded") return answer(200, rows::gzip("encoded\n"), "Content-Encoding: gzip\r\n");
    if (request.target == "/zstd") return answer(200, rows::zstd("zstd\n"), "Content-Encoding: zstd\r\n");
    if (request.target == "/both") return answer(200, rows::gzip(rows::zstd("both\n")), "Content-Encoding: gzip\r\n");
    return answer(200, rows::gzip("file\n") + rows::gzip("two\n"));
  });
  const auto url = [&](const char* name) { return std::string(name) + " = \"" + server.url() + "/" + name + "\", "; };
  options =
      "urls = { " + url("encoded") + url("zstd") + url("both") + "file = \"" + server.url() + "/file\" }\nparallel = 1";
  start();
  EXPECT_EQ(read(), (Texts{"encoded", "zstd", "both", "file", "two"}));
}

TEST_F(HttpFetchTest, a_body_that_is_too_large_is_refused_however_small_it_comes) {
  const std::string zeros(10 << 20, '0');
  TestServer server([&](const auto& request) {
    if (request.target == "/encoded") return answer(200, rows::gzip(zeros), "Content-Encoding: gzip\r\n");
    if (request.target == "/file") return answer(200, rows::gzip(zeros));
    return answer(200, zeros);
  });
  options = "max_bytes = \"1MiB\"\nurls = { a = \"" + server.url() + "/encoded\", b = \"" + server.url() +
            "/file\", c = \"" + server.url() + "/plain\" }";
  start();
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(host.count("files_failed"), 3);
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_TRUE(host.logged("b was not fetched: is larger than max_bytes = 1048576"));
  EXPECT_TRUE(host.logged("c was not fetched: is larger than max_bytes = 1048576"));
}

TEST_F(HttpFetchTest, follows_redirects_within_limits_and_tells_no_secret_to_others) {
  TestServer other([](const auto&) { return answer(200, "row\n"); });
  TestServer server([&](const auto& request) {
    if (request.target == "/loop") return answer(302, "", "Location: /loop\r\n");
    if (request.target == "/out") return answer(301, "", "Location: file:///etc/passwd\r\n");
    if (request.target == "/a") return answer(307, "", "Location: b\r\n");
    return answer(302, "", "Location: " + other.url() + "/there\r\n");
  });
  options = "username = \"me\"\npassword = \"secret\"\nheaders = { X-Key = \"secret\" }\nurls = { a = \"" +
            server.url() + "/a\", loop = \"" + server.url() + "/loop\", out = \"" + server.url() + "/out\" }";
  start();
  EXPECT_EQ(read(), Texts{"row"});
  EXPECT_TRUE(host.logged("loop was not fetched: more than redirects = 5 redirects"));
  EXPECT_TRUE(host.logged("out was not fetched"));
  EXPECT_NE(server.requests()[0].head.find("Authorization: Basic bWU6c2VjcmV0"), std::string::npos);
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_EQ(other.requests()[0].head.find("Authorization"), std::string::npos);
  EXPECT_EQ(other.requests()[0].head.find("X-Key"), std::string::npos);
}

TEST_F(HttpFetchTest, text_of_other_encodings_becomes_utf8) {
  const auto utf16 = [](const std::string& ascii, bool mark) {
    std::string all = mark ? "\xff\xfe" : "";
    for (const char c : ascii) all += std::string(1, c) + '\0';
    return all;
  };
  TestServer server([&](const auto& request) {
    if (request.target == "/mark")
      return answer(200,
                    "\xef\xbb\xbf"
                    "bom\n");
    if (request.target == "/16") return answer(200, utf16("sixteen\n", true));
    if (request.target == "/16le")
      return answer(200, utf16("le\n", false), "Content-Type: text/plain; charset=utf-16le\r\n");
    return answer(200, "caf\xe9\n", "Content-Type: text/plain; charset=ISO-8859-1\r\n");
  });
  const auto url = [&](const char* name) {
    return std::string("x") + name + " = \"" + server.url() + "/" + name + "\", ";
  };
  options =
      "urls = { " + url("mark") + url("16") + url("16le") + "latin = \"" + server.url() + "/latin\" }\nparallel = 1";
  start();
  EXPECT_EQ(read(), (Texts{"bom", "sixteen", "le", "caf\xc3\xa9"}));
}

TEST_F(HttpFetchTest, an_empty_body_is_a_list_without_rows) {
  TestServer server([](const auto&) { return answer(200, ""); });
  options = "urls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(last_code, Code::end);
  EXPECT_EQ(host.count("files_fetched"), 1);
  EXPECT_EQ(positions.size(), 1u);
  acknowledge();
  EXPECT_EQ(bodies(), Texts());
}

TEST_F(HttpFetchTest, fetches_at_intervals_and_keeps_to_them_over_a_restart) {
  host.set_until_drained(false);
  TestServer server([n = 0](const auto&) mutable { return answer(200, "row " + std::to_string(++n) + "\n"); });
  options = "every = \"1h\"\nurls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(), Texts{"row 1"});
  acknowledge();
  start();
  EXPECT_EQ(read(), Texts());
  host.clock().advance(1h);
  EXPECT_EQ(read(), Texts{"row 2"});
  host.clock().advance(30min);
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(HttpFetchTest, what_cannot_be_done_is_refused_with_the_option_at_fault) {
  EXPECT_EQ(refusal("").substr(0, 5), "urls:");
  EXPECT_EQ(refusal("urls = { a = \"ftp://x/\" }").substr(0, 7), "urls.a:");
  EXPECT_EQ(refusal("urls = { a = \"relative\" }").substr(0, 7), "urls.a:");
  EXPECT_EQ(refusal("urls = { \"a/b\" = \"http://x/\" }").substr(0, 9), "urls.a/b:");
  EXPECT_EQ(refusal("urls = { a = { category = \"x\" } }"), "urls.a: has no `url`");
  EXPECT_EQ(refusal("cron = \"* * *\"\nurls = { a = \"http://x/\" }").substr(0, 5), "cron:");
  EXPECT_EQ(refusal("cron = \"@daily\"\nevery = \"1h\"\nurls = { a = \"http://x/\" }").substr(0, 5), "cron:");
  EXPECT_EQ(refusal("columns = [\"body\"]\nurls = { a = \"http://x/\" }").substr(0, 8), "columns:");
}

TEST_F(HttpFetchTest, a_list_file_adds_entries_and_its_faults_have_a_place) {
  host.files().write_file("/data.txt", "row\n");
  host.files().write_file("/lists.csv", "name,url,category\n# none\na,/data.txt,ads\n\nb,/data.txt,\"mal, ware\"\n");
  options = "list = \"/lists.csv\"";
  start();
  EXPECT_EQ(read(), (Texts{"row", "row"}));
  EXPECT_EQ(testkit::texts(last, "category"), Texts{"mal, ware"});
  host.files().write_file("/lists.csv", "name,url\na,/data.txt\nb,nowhere\n");
  const auto again = made(options, host.host());
  ASSERT_TRUE(again);
  const auto opened = (*again)->open({});
  EXPECT_EQ(opened.error().message.substr(0, 17), "/lists.csv:3: b: ");
}

}  // namespace

LEVADA_CONFORMANCE(http_fetch, [] {
  auto subject = testkit::subject("http_fetch", "urls = { a = \"/in/a\", b = \"file:///in/b\" }\nread_bytes = 256");
  subject.prepare = [](testkit::FakeHost& host) {
    std::string lines;
    for (int at = 0; at < 40; ++at) lines += "0.0.0.0 host-" + std::to_string(at) + ".example.com\n";
    host.files().write_file("/in/a", lines);
    host.files().write_file("/in/b", lines.substr(0, lines.size() / 2));
  };
  return subject;
});

}  // namespace levada::http_fetch
