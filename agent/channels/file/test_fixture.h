// A channel with one source and two readers, which is opened, filled in batches of one size, and opened again.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "agent/channels/file/test_support.h"

namespace levada::agent::testing {

class TwoReadersTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kRows = 200, kPerBatch = 10;

  // Closes the channel that is open; the next one finds what is on the disk.
  Done open() {
    channel.reset();
    channel = bench.make();
    channel->add_writer();
    channel->add_cursor("sinks.one");
    channel->add_cursor("sinks.two");
    return channel->open();
  }
  // Stores these rows of the stream "clicks", each batch by itself.
  void write(uint64_t first, uint64_t end) {
    for (uint64_t row = first; row < end; row += kPerBatch) {
      auto in_flight = rows_of("clicks", row, row + kPerBatch);
      in_flight.account.read = kPerBatch;
      ASSERT_TRUE(channel->append(std::move(in_flight)));
      channel->run_once();
    }
  }

  ChannelTestBench bench;
  std::unique_ptr<FileChannel> channel;
};

}  // namespace levada::agent::testing
