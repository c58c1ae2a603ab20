// Opening and closing; the channel's own thread. What it does with batches is in
// the files file_channel_*.cc.
#include "agent/channels/file/file_channel.h"

#include "agent/channels/file/file_channel_state.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

// A segment goes as a whole: with fewer than these in a channel of limited size, it would often be
// full with little left to read.
constexpr uint64_t kSegmentsMin = 8;

uint64_t segment_limit(const FileChannelOptions& options) {
  if (options.capacity_bytes == 0) return options.segment_bytes;
  return std::min(options.segment_bytes, std::max<uint64_t>(options.capacity_bytes / kSegmentsMin, 1));
}

}  // namespace

Done FileChannelOptions::check() const {
  auto keys = KeyRing::create(encryption_key, old_encryption_keys);
  if (!keys) return std::move(keys).error();
  return {};
}

FileChannel::State::State(FileChannelOptions options, const Services& services, Drive drive)
    : options_(std::move(options)),
      files_(services.files),
      segment_files_(files_, options_.folder),
      clock_(*services.clock),
      segment_limit_(segment_limit(options_)),
      own_thread_(drive == Drive::own_thread),
      counters_(*services.metrics, options_.name),
      gauges_(*services.metrics, options_.name),
      tail_(options_.sync != Sync::none) {}

FileChannel::State::~State() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (!open_) return;
  if (tail_.needs_sync() && !tail_.synced().failed) sync();
  save_cursors(true);
}

Done FileChannel::State::open() {
  const std::lock_guard write_lock(write_mutex_);
  if (open_) return {};
  auto keys = KeyRing::create(options_.encryption_key, options_.old_encryption_keys);
  if (!keys) return std::move(keys).error();
  keys_ = *std::move(keys);
  auto found = recover_log(files_, options_.folder, keys_, Repair::all);
  if (!found) return std::move(found).error();
  encoder_ =
      std::make_unique<RecordEncoder>(options_.compression == FileChannelOptions::Compression::zstd, keys_.current());
  if (found->cut_bytes > 0)
    log_info(options_.name, "the last segment ended in " + std::to_string(found->cut_bytes) +
                                " bytes that were not synced before the last stop; they are cut off");
  {
    const std::lock_guard lock(mutex_);
    log_id_ = found->log_id;
    tail_.recovered(*found);
    segments_.assign(std::move(found->segments));
    missing_.found_lost(std::move(found->lost));
    cursors_.saved(std::move(found->cursors.readers));
    for (auto& cursor : cursors_) set_up(cursor);
    last_sync_ = last_save_ = now();
    open_ = true;
    show();
  }
  if (own_thread_) thread_ = std::thread([this] { run(); });
  return {};
}

void FileChannel::State::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    constexpr nanoseconds kRound = std::chrono::milliseconds(100);
    const auto wait = options_.sync == Sync::interval ? std::min(kRound, options_.sync_interval) : kRound;
    work_.wait_for(lock, wait, [&] {
      return stopping_ || (options_.sync == Sync::commit && tail_.needs_sync() && !tail_.synced().failed);
    });
    if (stopping_) break;
    lock.unlock();
    run_once();
    lock.lock();
  }
}

Positions FileChannel::State::positions() const {
  const std::lock_guard lock(mutex_);
  return tail_.positions();
}

void FileChannel::State::add_writer() {
  const std::lock_guard lock(mutex_);
  ++writers_;
}

void FileChannel::State::close() {
  {
    const std::lock_guard lock(mutex_);
    --writers_;
  }
  arrival_.notify_all();
}

FileChannel::FileChannel(FileChannelOptions options, const Services& services, Drive drive)
    : state_(std::make_unique<State>(std::move(options), services, drive)) {}
FileChannel::~FileChannel() = default;

void FileChannel::add_writer() { state_->add_writer(); }
size_t FileChannel::add_cursor(const std::string& reader) { return state_->add_cursor(reader); }
Done FileChannel::open() { return state_->open(); }
Positions FileChannel::positions() const { return state_->positions(); }
bool FileChannel::append(InFlight&& in_flight) { return state_->append(std::move(in_flight)); }
void FileChannel::wait_for_room(nanoseconds timeout) { state_->wait_for_room(timeout); }
std::string FileChannel::blocked_by() const { return state_->blocked_by(); }
void FileChannel::close() { state_->close(); }
void FileChannel::resume(size_t cursor, const Positions& committed) { state_->resume(cursor, committed); }
std::optional<InFlight> FileChannel::read(size_t cursor, nanoseconds timeout) { return state_->read(cursor, timeout); }
void FileChannel::commit(size_t cursor) { state_->commit(cursor); }
void FileChannel::rewind(size_t cursor) { state_->rewind(cursor); }
bool FileChannel::ended(size_t cursor) const { return state_->ended(cursor); }
bool FileChannel::under_back_pressure(size_t cursor) const { return state_->under_back_pressure(cursor); }
void FileChannel::apply_back_pressure() { state_->apply_back_pressure(); }
void FileChannel::run_once() { state_->run_once(); }

}  // namespace levada::agent
