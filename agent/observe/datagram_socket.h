// Sends datagrams to a local socket that another process reads.
#pragma once

#include <string>
#include <string_view>

namespace levada::agent {

class DatagramSocket {
 public:
  // A path, or a name in the abstract space that begins with '@'. Whether anybody listens there
  // turns out with each message.
  explicit DatagramSocket(std::string address);
  ~DatagramSocket();
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;

  // Whether it was taken; a reader who is busy is waited for, at most a second. What no datagram
  // holds goes as a file of memory, as systemd's journal reads it. [any thread]
  bool send(std::string_view text) const;

 private:
  bool send_as_file(std::string_view text) const;

  const std::string address_;
  const int socket_;
};

}  // namespace levada::agent
