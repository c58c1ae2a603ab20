#include "http_server/content_encoding.h"

#include <algorithm>
#include <memory>

#include "levada/http_rules.h"
#include "rows/codec.h"

namespace levada::http_server {
namespace {

using rows::Codec;

// Room that a body is given first, for each of its bytes.
constexpr size_t kUsualRatio = 4, kLeastRoom = 4096;

std::unique_ptr<Codec> codec_of(std::string_view encoding) {
  if (detail::equal_ignoring_case(encoding, "gzip") || detail::equal_ignoring_case(encoding, "x-gzip"))
    return rows::make_gzip();
  if (detail::equal_ignoring_case(encoding, "zstd")) return rows::make_zstd();
  return nullptr;
}

}  // namespace

BodyFault decode_body(std::string_view encoding, size_t most, std::string& body) {
  if (encoding.empty() || detail::equal_ignoring_case(encoding, "identity")) return {};
  const auto codec = codec_of(encoding);
  if (!codec) return {415, "the Content-Encoding is neither gzip nor zstd"};
  std::string text;
  size_t used = 0, made = 0;
  bool is_open = true;
  do {
    // One byte more than may be tells that there is more.
    if (made == text.size())
      text.resize(std::min(most + 1, std::max(text.size() * 2, body.size() * kUsualRatio + kLeastRoom)));
    const auto step = codec->step(body.data() + used, body.size() - used, text.data() + made, text.size() - made);
    used += step.in;
    made += step.out;
    if (made > most) return {413, "the decompressed body is too large"};
    if (step.state == Codec::State::unclear || step.state == Codec::State::broken)
      return {400, "the compressed body is damaged"};
    is_open = step.state != Codec::State::end;
    if (!is_open && used < body.size()) {
      if (!codec->begins(std::string_view(body).substr(used))) return {400, "something follows the compressed body"};
      codec->reset();
      is_open = true;
    } else if (is_open && step.in == 0 && step.out == 0 && made < text.size()) {
      return {400, "the compressed body is cut off"};
    }
  } while (is_open);
  text.resize(made);
  body = std::move(text);
  return {};
}

}  // namespace levada::http_server
