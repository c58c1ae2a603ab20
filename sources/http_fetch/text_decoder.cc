#include "text_decoder.h"

#include <algorithm>
#include <cctype>
#include <cerrno>

namespace levada::http_fetch {
namespace {

const auto kNone = reinterpret_cast<iconv_t>(-1);
constexpr size_t kMarkBytes = 4;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::string upper(std::string_view text) {
  std::string all(text);
  for (auto& c : all) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return all;
}

}  // namespace

TextDecoder::~TextDecoder() {
  if (converter_ != kNone) iconv_close(converter_);
}

void TextDecoder::begin() {
  using namespace std::string_view_literals;
  has_begun_ = true;
  size_t mark = 0;
  std::string charset = upper(charset_);
  const auto is_marked = [&](std::string_view bytes, const char* name) {
    if (mark > 0 || !rest_.starts_with(bytes)) return;
    mark = bytes.size();
    charset = name;
  };
  is_marked("\xef\xbb\xbf"sv, "UTF-8");
  is_marked("\xff\xfe\0\0"sv, "UTF-32LE");
  is_marked("\0\0\xfe\xff"sv, "UTF-32BE");
  is_marked("\xff\xfe"sv, "UTF-16LE");
  is_marked("\xfe\xff"sv, "UTF-16BE");
  rest_.erase(0, mark);
  if (charset.empty() || charset == "UTF-8" || charset == "UTF8" || charset == "US-ASCII") return;
  // Without a mark, the standard says that it is the big end first; what is served is the other.
  if (charset == "UTF-16") charset = "UTF-16LE";
  if (charset == "ISO-8859-1" || charset == "LATIN1") charset = "WINDOWS-1252";
  if (charset.starts_with("UTF-16")) unit_ = 2;
  if (charset.starts_with("UTF-32")) unit_ = 4;
  converter_ = iconv_open("UTF-8", charset.c_str());
  is_unknown_ = converter_ == kNone;
}

void TextDecoder::decode(std::string_view bytes, std::string& to) {
  if (has_begun_ && converter_ == kNone) {
    to += bytes;
    return;
  }
  rest_ += bytes;
  if (!has_begun_) {
    if (rest_.size() < kMarkBytes) return;
    begin();
  }
  convert(to, false);
}

void TextDecoder::finish(std::string& to) {
  if (!has_begun_) begin();
  convert(to, true);
}

void TextDecoder::convert(std::string& to, bool at_end) {
  if (converter_ == kNone) {
    to += rest_;
    rest_.clear();
    return;
  }
  char* from = rest_.data();
  size_t left = rest_.size();
  while (left > 0) {
    // A unit of any encoding becomes four bytes at most.
    const auto used = to.size();
    to.resize(used + std::min<size_t>(left * 4, 1 << 16) + 16);
    char* out = to.data() + used;
    size_t room = to.size() - used;
    const auto result = iconv(converter_, &from, &left, &out, &room);
    const int why = result == static_cast<size_t>(-1) ? errno : 0;
    to.resize(to.size() - room);
    if (why == 0 || why == E2BIG) continue;
    if (why == EINVAL && !at_end) break;
    to += kReplacement;
    ++replaced_;
    const auto skipped = std::min(left, unit_);
    from += skipped;
    left -= skipped;
  }
  rest_.erase(0, rest_.size() - left);
}

std::string charset_of(std::string_view content_type) {
  const auto all = upper(content_type);
  auto at = all.find("CHARSET=");
  if (at == all.npos) return {};
  at += 8;
  auto name = content_type.substr(at, all.find_first_of("; \t", at) - at);
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == ':' || c == '+';
  };
  // Not "//TRANSLIT", which would ask the system for something else.
  return std::all_of(name.begin(), name.end(), is_plain) ? std::string(name) : std::string();
}

}  // namespace levada::http_fetch
