// One member of a gzip file, or one frame of a zstd file, decompressed step by step.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace levada::rows {

class Codec {
 public:
  enum class State : uint8_t {
    more,     // The member goes on.
    end,      // It is over, and its checksum is good.
    unclear,  // It is broken here. What came before cannot be trusted, as only the checksum at its end would tell.
    broken    // It is broken in this block. The blocks before it are good.
  };
  struct Step {
    size_t in, out;  // Bytes used and made.
    State state;
  };
  virtual ~Codec() = default;
  virtual Step step(const char* from, size_t bytes, char* to, size_t room) = 0;
  // Begins a new member.
  virtual void reset() = 0;
  // Whether bytes that begin so can be a member.
  virtual bool begins(std::string_view bytes) const = 0;
  // What is to be thought of the blocks that came, where the file ends amid a member.
  virtual State cut_off() const = 0;
};

std::unique_ptr<Codec> make_gzip();
std::unique_ptr<Codec> make_zstd();

}  // namespace levada::rows
