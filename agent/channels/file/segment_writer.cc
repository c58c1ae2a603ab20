#include "agent/channels/file/segment_writer.h"

#include "levada/crc32c.h"

namespace levada::agent {

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(const Files& files, const std::string& folder,
                                                             SegmentHeader header, const std::string& positions,
                                                             const Cipher* cipher, bool sync) {
  std::string stored = positions;
  header.positions_bytes = positions.size() + (cipher ? Cipher::kOverhead : 0);
  char encoded[kSegmentHeaderBytes];
  if (cipher) {
    header.flags |= SegmentHeader::kEncrypted;
    header.key_id = cipher->id();
    encode(header, encoded);
    stored.resize(header.positions_bytes);
    const levada_bytes plain{positions.data(), positions.size()};
    const std::string_view with[] = {{encoded + 24, 48}};
    LEVADA_TRY(cipher->seal(std::span(&plain, 1), with, stored.data()));
  }
  header.positions_crc = crc32c(0, stored.data(), stored.size());
  encode(header, encoded);
  std::string start(encoded, sizeof encoded);
  start += stored;
  start.resize(header.bytes());

  const std::string path = folder + "/" + segment_name(header.first);
  const std::string aside = path + ".tmp";
  auto file = files.open(aside, LEVADA_WRITE);
  if (!file) return std::move(file).error();
  // A crash may have left one.
  LEVADA_TRY(file->truncate(0));
  LEVADA_TRY(file->write(start));
  if (sync) LEVADA_TRY(file->sync());
  LEVADA_TRY(files.rename(aside, path));
  if (sync) LEVADA_TRY(files.sync_folder(folder));
  return std::unique_ptr<SegmentWriter>(new SegmentWriter(*std::move(file), path, header));
}

Done SegmentWriter::write(std::span<levada_bytes> parts) {
  uint64_t more = 0;
  for (const auto& part : parts) more += part.size;
  auto done = file_.write(parts);
  if (!done) {
    cut(bytes_);
    return done;
  }
  bytes_ += more;
  return {};
}

void SegmentWriter::cut(uint64_t bytes) {
  bytes_ = bytes;
  if (!file_.truncate(bytes)) usable_ = false;
}

}  // namespace levada::agent
