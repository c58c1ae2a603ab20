// levada channel: what stands in the folders of file channels, read-only, while an agent runs or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/secrets.h"
#include "agent/channels/file/file_channel.h"

namespace levada::agent {

// Each gives the exit code; the options are those of the channels as configured (name, folder, keys).
// Secrets in the names of folders and files are not shown.
int list_channels(const std::vector<FileChannelOptions>& channels, const Services& services,
                  const Secrets& secrets = {});
// Checks every record; kFailed where something is damaged or missing.
int verify_channels(const std::vector<FileChannelOptions>& channels, const Services& services,
                    const Secrets& secrets = {});
// Rows as NDJSON, from row number `from` on, at most `rows` of them.
int dump_channel(const FileChannelOptions& channel, const Services& services, uint64_t from,
                 std::optional<uint64_t> rows, const Secrets& secrets = {});

}  // namespace levada::agent
