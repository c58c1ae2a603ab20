// Listening sockets that outlive who listens: those that systemd hands to the process, and those
// that one instance of a component leaves to the next in a reload, so that no client is refused
// meanwhile.
#pragma once

#include <string>

namespace levada::http_server {

// An instance that will listen there holds one from its creation on: while there are two, a reload
// is under way, and the socket of the first is kept for the second.
class ListenClaim {
 public:
  explicit ListenClaim(std::string address);
  // Closes what is kept for this address, if nobody else has a claim on it.
  ~ListenClaim();
  ListenClaim(const ListenClaim&) = delete;
  ListenClaim& operator=(const ListenClaim&) = delete;

  // A descriptor that listens there already, which is the caller's from now on; -1: there is none.
  int take() const;
  // Whether somebody else has a claim on the address; then the descriptor is kept for them.
  bool leave(int descriptor) const;

 private:
  const std::string address_;
};

}  // namespace levada::http_server
