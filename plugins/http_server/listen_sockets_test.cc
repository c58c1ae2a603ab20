// Sockets that outlive who listens.
#include "http_server/listen_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace levada::http_server {
namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

TEST(ListenSockets, one_that_is_left_goes_to_the_next_with_a_claim) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const ListenClaim first("127.0.0.1:1");
  EXPECT_EQ(first.take(), -1);
  EXPECT_FALSE(first.leave(socket));
  {
    const ListenClaim second("127.0.0.1:1"), other("127.0.0.1:2");
    EXPECT_TRUE(first.leave(socket));
    EXPECT_EQ(other.take(), -1);
    EXPECT_EQ(second.take(), socket);
    EXPECT_EQ(second.take(), -1);
    EXPECT_TRUE(is_open(socket));
  }
  ::close(socket);
}

TEST(ListenSockets, one_that_nobody_takes_is_closed_with_the_last_claim) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  {
    const ListenClaim first("127.0.0.1:1");
    {
      const ListenClaim second("127.0.0.1:1");
      EXPECT_TRUE(first.leave(socket));
    }
    EXPECT_TRUE(is_open(socket));
  }
  EXPECT_FALSE(is_open(socket));
}

// As systemd hands them over: from 3 on, for the process that LISTEN_PID names.
TEST(ListenSockets, one_of_systemd_is_found_by_its_address) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bool good = ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener, 1) == 0 &&
                ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    const int moved = ::fcntl(listener, F_DUPFD, 900);
    good = good && ::dup2(moved, 4) == 4 && ::dup2(::open("/dev/null", O_RDONLY), 3) == 3;
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    const ListenClaim claim("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
    const int taken = claim.take();
    good = good && taken > 4 && claim.take() > 4 && ListenClaim("127.0.0.1:1").take() == -1;
    ::setenv("LISTEN_PID", "1", 1);
    good = good && claim.take() == -1;
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace levada::http_server
