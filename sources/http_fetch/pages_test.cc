// Lists in pages, parts of bodies, and logins by token, with a server in the test's hands.
#include "pages.h"

#include "fetch_test_bench.h"

namespace levada::http_fetch {
namespace {

class PagesTest : public FetchTestBench {
 protected:
  PagesTest() { host.set_until_drained(true); }
};

bool has(const TestServer::Request& request, const std::string& text) {
  return request.head.find(text) != std::string::npos;
}

TEST_F(PagesTest, links_lead_from_page_to_page) {
  TestServer server([](const auto& request) {
    if (request.target == "/a")
      return answer(200, "1\n2\n", "Link: <http://x/0>; rel=\"prev\", <a?p=2>; rel=\"next\"\r\n");
    if (request.target == "/a?p=2") return answer(200, "3\n", "Link: </a?p=3>; title=\"a, b\"; rel=next\r\n");
    return answer(200, "4\n", "Link: </a>; rel=\"first\"\r\n");
  });
  options = "pages = \"link\"\nurls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(), (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(server.asked(), (Texts{"GET /a", "GET /a?p=2", "GET /a?p=3"}));
  EXPECT_EQ(last_code, Code::end);
}

TEST_F(PagesTest, a_cursor_stands_in_the_page_and_rows_are_a_part_of_it) {
  TestServer server([](const auto& request) {
    if (request.target == "/a?x=1")
      return answer(200, R"({"data":[{"n":1},{"n":20000000000000000000}],"meta":{"next":"c 2"}})");
    if (request.target == "/a?x=1&after=c%202") return answer(200, R"({"meta":{"next":3},"data":[{"n":3}]})");
    return answer(200, R"({"data":[],"meta":{"next":null}})");
  });
  options =
      "rows = \"json\"\nitems = \"/data\"\npages = \"cursor\"\npage_cursor = \"/meta/next\"\npage_parameter = "
      "\"after\"\nurls = { a = \"" +
      server.url() + "/a?x=1\" }";
  start();
  EXPECT_EQ(read(), (Texts{R"({"n":1})", R"({"n":20000000000000000000})", R"({"n":3})"}));
  EXPECT_EQ(server.asked(), (Texts{"GET /a?x=1", "GET /a?x=1&after=c%202", "GET /a?x=1&after=3"}));
}

TEST_F(PagesTest, numbers_go_on_until_a_page_is_empty) {
  TestServer server([](const auto& request) {
    const auto number = request.target.back();
    return answer(200, number == '2' ? " [ ]" : "[\"" + std::string(1, number) + "\"]");
  });
  options =
      "rows = \"json\"\npages = \"number\"\npage_first = 0\nurls = { a = \"" + server.url() + "/a?page=9&size=1\" }";
  start();
  EXPECT_EQ(read(), (Texts{"\"0\"", "\"1\""}));
  EXPECT_EQ(server.asked(), (Texts{"GET /a?size=1&page=0", "GET /a?size=1&page=1", "GET /a?size=1&page=2"}));
}

TEST_F(PagesTest, a_run_that_was_killed_goes_on_at_the_page_where_it_was) {
  bool is_down = true;
  TestServer server([&](const auto& request) {
    if (request.target == "/a") return answer(200, R"({"rows":["1"],"next":"/a2"})");
    if (is_down) return answer(404);
    return answer(200, R"({"rows":["2"],"next":""})");
  });
  options = "rows = \"json\"\nitems = \"/rows\"\npages = \"cursor\"\nurls = { a = \"" + server.url() + "/a\" }";
  start();
  EXPECT_EQ(read(), Texts{"\"1\""});
  EXPECT_EQ(host.count("files_failed"), 1);
  acknowledge();
  is_down = false;
  start();
  EXPECT_EQ(read(), Texts{"\"2\""});
  EXPECT_EQ(server.asked(), (Texts{"GET /a", "GET /a2", "GET /a2"}));
  acknowledge();
  // And the next one begins anew.
  start();
  EXPECT_EQ(read(), (Texts{"\"1\"", "\"2\""}));
}

TEST_F(PagesTest, a_page_elsewhere_is_told_no_secret_and_pages_without_end_are_cut) {
  TestServer other([](const auto&) { return answer(200, "there\n"); });
  TestServer server([&](const auto& request) {
    if (request.target == "/a") return answer(200, "1\n", "Link: <" + other.url() + "/>; rel=\"next\"\r\n");
    return answer(200, "b\n", "Link: <" + request.target + "x>; rel=\"next\"\r\n");
  });
  options = "pages = \"link\"\npages_max = 3\nbearer_token = \"secret\"\nurls = { a = \"" + server.url() +
            "/a\", b = \"" + server.url() + "/b\" }\nparallel = 1";
  start();
  EXPECT_EQ(read(), (Texts{"1", "there", "b", "b", "b"}));
  EXPECT_TRUE(has(server.requests()[0], "Authorization: Bearer secret"));
  EXPECT_FALSE(has(other.requests().at(0), "Authorization"));
  EXPECT_TRUE(host.logged("b has more than pages_max = 3 pages"));
}

TEST_F(PagesTest, a_body_without_the_part_is_tried_again_and_given_up) {
  TestServer server(
      [](const auto& request) { return answer(200, request.target == "/a" ? "<html>" : "{\"other\":1}"); });
  options = "retries = 1\nitems = \"/data\"\nurls = { a = \"" + server.url() + "/a\", b = \"" + server.url() + "/b\" }";
  start();
  EXPECT_EQ(read(), Texts());
  EXPECT_EQ(host.count("files_failed"), 2);
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_TRUE(host.logged("b was not fetched: the body has no /data"));
}

TEST_F(PagesTest, a_token_is_fetched_once_for_all_and_anew_where_it_is_refused) {
  int tokens = 0;
  TestServer server([&](const auto& request) {
    if (request.target == "/token") {
      EXPECT_EQ(request.body, "grant_type=client_credentials&scope=read%20all");
      EXPECT_TRUE(has(request, "Authorization: Basic aWQ6c2VjcmV0"));
      return answer(
          200, R"({"access_token":"t)" + std::to_string(++tokens) + R"(","token_type":"Bearer","expires_in":3600})");
    }
    if (request.target == "/b" && !has(request, "Authorization: Bearer t2")) return answer(401);
    return answer(200, "row\n");
  });
  options = "oauth_token_url = \"" + server.url() +
            "/token\"\noauth_client_id = \"id\"\noauth_client_secret = \"secret\"\noauth_scope = \"read all\"\nurls = "
            "{ a = \"" +
            server.url() + "/a\", b = \"" + server.url() + "/b\" }\nparallel = 1";
  start();
  EXPECT_EQ(read(), (Texts{"row", "row"}));
  EXPECT_EQ(tokens, 2);
  EXPECT_EQ(server.asked(), (Texts{"POST /token", "GET /a", "GET /b", "POST /token", "GET /b"}));
}

TEST_F(PagesTest, without_a_token_nothing_is_fetched_but_files) {
  TestServer server([](const auto&) { return answer(400, R"({"error":"invalid_client"})"); });
  host.files().write_file("/own", "own\n");
  options = "retries = 1\noauth_token_url = \"" + server.url() +
            "/token\"\noauth_client_id = \"id\"\noauth_client_secret = \"secret\"\nurls = { a = \"" + server.url() +
            "/a\", own = \"/own\" }";
  start();
  EXPECT_EQ(read(), Texts{"own"});
  EXPECT_EQ(host.count("files_failed"), 1);
  EXPECT_TRUE(host.logged("a was not fetched: no token from " + server.host() + ": the server answered 400"));
}

TEST_F(PagesTest, says_what_has_come_of_each) {
  TestServer server(
      [](const auto& request) { return request.target == "/a" ? answer(200, "1\n2\n") : answer(403, "no"); });
  options = "urls = { a = \"" + server.url() + "/a\", b = \"" + server.url() + "/b\" }";
  start();
  read();
  EXPECT_EQ(
      source->outcomes(),
      (std::vector<OutcomeItem>{
          {.state = LEVADA_OUTCOME_GOOD, .name = "a", .status = 200, .rows = 2, .bytes = 4},
          {.state = LEVADA_OUTCOME_FAILED, .name = "b", .reason = "the server answered 403: no", .status = 403}}));
}

TEST(NextLink, finds_the_next_one_among_others) {
  EXPECT_EQ(next_link("<a>; rel=\"prev\", <b,c>; rel=\"next\""), "b,c");
  EXPECT_EQ(next_link("<a>; rel=\"first\""), "");
  EXPECT_EQ(next_link("no link"), "");
  EXPECT_EQ(next_link("<a; rel=next"), "");
}

}  // namespace
}  // namespace levada::http_fetch
