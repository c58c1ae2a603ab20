// Mails over SMTP, one after the other on a connection that is kept, and what the server says of
// each recipient.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "http/curl_transfer.h"
#include "levada/result.h"
#include "settings.h"

namespace levada::email {

// What became of a mail. A server speaks of each recipient and then of the mail as a whole.
struct Delivery {
  enum class Outcome { taken, again, refused };
  struct Recipient {
    std::string mailbox;
    Outcome outcome = Outcome::again;
    std::string reply;  // "550 5.1.1 no such user"
  };
  std::vector<Recipient> recipients;
};

// [worker]
class SmtpSession {
 public:
  explicit SmtpSession(const EmailSettings& settings);

  // Breaks off the one before.
  void start(const std::string& from, const std::vector<std::string>& to, std::string message);
  void stop() { transfer_.stop(); }
  bool under_way() const { return transfer_.under_way(); }
  // What became of the mail; idle() after at most that time while that is open. RETRY where the
  // server could not be reached, or does not let us in: no recipient is at fault then.
  Result<Delivery> proceed(std::chrono::nanoseconds timeout);

 private:
  // Of the dialogue, as the library leads it.
  enum class Stage { login, sender, recipient, data, message };

  static int listen(CURL*, curl_infotype type, char* data, size_t size, void* self);
  static size_t give(char* to, size_t, size_t size, void* self);
  void heard(std::string_view line);
  void said(std::string_view command);
  Result<Delivery> outcome(CURLcode code);

  const EmailSettings settings_;
  const std::string url_;
  CurlHandle handle_;
  CurlList recipients_;
  CurlTransfer transfer_;
  char why_[CURL_ERROR_SIZE] = "";

  std::string message_;
  size_t given_ = 0;  // Bytes of the message that the library has.
  Delivery delivery_;
  Stage stage_ = Stage::login;
  bool is_over_ = false;
  size_t recipient_ = 0;  // That the server is to speak of.
  std::string reply_;     // The last one; of several lines the first one's text.
};

}  // namespace levada::email
