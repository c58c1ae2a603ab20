// What is said of a connection that libpq cannot read.
#include "postgres/server.h"

#include <gtest/gtest.h>

namespace levada::postgres {
namespace {

std::string said_of(std::string connection) {
  Server server;
  server.connection = std::move(connection);
  const Done done = check(server);
  return done ? "taken" : done.error().option + ": " + done.error().message;
}

TEST(Server, takes_urls_and_words) {
  EXPECT_EQ(said_of("postgresql://u@h:5432/d?sslmode=verify-full"), "taken");
  EXPECT_EQ(said_of("host=h dbname=d"), "taken");
  EXPECT_EQ(said_of(""), "taken");
}

TEST(Server, names_a_word_that_libpq_does_not_know) {
  EXPECT_EQ(said_of("hose=h"), "connection: invalid connection option \"hose\"");
}

TEST(Server, never_shows_what_may_be_a_part_of_a_password) {
  for (const auto* connection : {"host=h password=top secret", "postgresql://u:secret@[h/d", "host=h password='secret",
                                 "postgresql://u:x@h/d?secret"}) {
    const auto said = said_of(connection);
    EXPECT_TRUE(said.starts_with("connection: ")) << said;
    EXPECT_EQ(said.find("secret"), said.npos) << said;
  }
}

TEST(Server, refuses_a_timeout_of_nothing) {
  Server server;
  server.timeout = std::chrono::seconds(0);
  EXPECT_EQ(check(server).error().option, "timeout");
}

}  // namespace
}  // namespace levada::postgres
