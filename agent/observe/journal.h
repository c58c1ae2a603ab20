// Log lines for systemd's journal, with their level and component as fields that journalctl can
// select by.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/observe/datagram_socket.h"

namespace levada::agent {

class Journal {
 public:
  explicit Journal(std::string address) : socket_(std::move(address)) {}
  // Null where standard error does not lead to the journal: $JOURNAL_STREAM names what does.
  static std::unique_ptr<Journal> of_standard_error();

  // Whether the journal took it. `level`: LEVADA_DEBUG to LEVADA_ERROR; it, the component and the
  // program become the fields PRIORITY, LEVADA_COMPONENT and SYSLOG_IDENTIFIER. [any thread]
  bool write(int32_t level, std::string_view component, std::string_view message) const;

 private:
  const DatagramSocket socket_;
};

}  // namespace levada::agent
