// A channel on disk: a log of segments that survives the process, and that each reader goes through
// with a cursor of its own. docs/formats/file-channel.md describes its files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/channels/channel.h"
#include "agent/plugin_host/context.h"

namespace levada::agent {

struct FileChannelOptions {
  std::string name;  // "channels.main": the stream's name to its readers.
  std::string folder;
  enum class Sync { commit, interval, none } sync = Sync::commit;
  nanoseconds sync_interval = std::chrono::seconds(1);
  uint64_t capacity_bytes = 0;   // Of its files; 0: no limit.
  uint64_t low_water_bytes = 0;  // Free bytes of the disk below which it takes nothing.
  uint64_t segment_bytes = 64u << 20;
  enum class Compression { none, zstd } compression = Compression::none;
  std::string encryption_key;                    // 64 hexadecimal digits, or empty.
  std::vector<std::string> old_encryption_keys;  // What older segments may be encrypted with.

  // What is wrong with the keys; Error::option is "encryption_key" or "old_encryption_keys".
  Done check() const;
};

class FileChannel final : public Channel {
 public:
  // by_hand: nothing is synced or removed but in run_once; for tests.
  enum class Drive { own_thread, by_hand };
  FileChannel(FileChannelOptions options, const Services& services, Drive drive = Drive::own_thread);
  ~FileChannel() override;

  void add_writer() override;
  size_t add_cursor(const std::string& reader) override;
  // Code::retry: the disk failed, call it again. Code::fatal: the configuration or
  // the format's version is wrong.
  Done open() override;
  bool durable() const override { return true; }
  Positions positions() const override;

  bool append(InFlight&& in_flight) override;
  void wait_for_room(nanoseconds timeout) override;
  std::string blocked_by() const override;
  void close() override;

  void resume(size_t cursor, const Positions& committed) override;
  std::optional<InFlight> read(size_t cursor, nanoseconds timeout) override;
  void commit(size_t cursor) override;
  void rewind(size_t cursor) override;
  bool ended(size_t cursor) const override;
  bool under_back_pressure(size_t cursor) const override;
  void apply_back_pressure() override;

  // One round of what the channel's thread does: sync what was appended, remove segments that all
  // have read, save the cursors once a second.
  void run_once();

 private:
  class State;
  const std::unique_ptr<State> state_;
};

}  // namespace levada::agent
