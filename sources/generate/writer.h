// Writes text and numbers one behind the other into memory that is known to be large enough.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace levada::generate {

class Writer {
 public:
  explicit Writer(char* at) : at_(at) {}

  char* at() const { return at_; }

  Writer& text(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  template <class Integer>
  Writer& number(Integer value) {
    at_ = std::to_chars(at_, at_ + 20, value).ptr;
    return *this;
  }
  // With zeros in front, as "%0*d".
  Writer& padded(uint64_t value, int width) {
    for (char* digit = at_ + width; digit != at_; value /= 10) *--digit = static_cast<char>('0' + value % 10);
    at_ += width;
    return *this;
  }
  // With zeros in front, as "%0*x".
  Writer& hex(uint64_t value, int width) {
    for (char* digit = at_ + width; digit != at_; value >>= 4) *--digit = "0123456789abcdef"[value & 15];
    at_ += width;
    return *this;
  }
  Writer& address(uint32_t ipv4) {
    return number(ipv4 >> 24)
        .text(".")
        .number(ipv4 >> 16 & 255)
        .text(".")
        .number(ipv4 >> 8 & 255)
        .text(".")
        .number(ipv4 & 255);
  }

 private:
  char* at_;
};

// The text of the second that rows lie in, made anew only when the second changes.
template <size_t kRoom, void (*write)(Writer&, int64_t second)>
class SecondText {
 public:
  std::string_view of(int64_t second) {
    if (second != second_) {
      Writer writer(text_);
      write(writer, second);
      size_ = static_cast<size_t>(writer.at() - text_);
      second_ = second;
    }
    return {text_, size_};
  }

 private:
  int64_t second_ = INT64_MIN;
  size_t size_ = 0;
  char text_[kRoom];
};

struct CivilTime {
  int year, month, day, hour, minute, second;
};
CivilTime civil_time(int64_t epoch_seconds);
// "Jan" for 1.
std::string_view month_name(int month);
// "01/Jun/2026:00:00:00 +0000", as web servers write it.
void write_clf_time(Writer& writer, int64_t epoch_seconds);
using ClfTime = SecondText<32, write_clf_time>;

}  // namespace levada::generate
