// Partitions of a backlog are read side by side: none gets far ahead of the others in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "assignment.h"
#include "consumer.h"
#include "inbox.h"

namespace levada::kafka_source {

// What librdkafka has fetched comes through one queue in which partitions stand one behind the
// other. Here each has an inbox of its own, which waits while the partition is too far ahead. Of
// one whose inbox is full nothing comes through that queue any more until it is empty again.
class Alignment {
 public:
  // `align`: how far a partition may be ahead; 0: as far as it likes, and this is not used.
  Alignment(std::chrono::nanoseconds align, int64_t batch_rows, int64_t batch_bytes)
      : align_(std::chrono::ceil<std::chrono::milliseconds>(align).count()),
        batch_rows_(batch_rows),
        batch_bytes_(batch_bytes) {}

  bool on() const { return align_ > 0; }
  // Takes over the message at the front, of a partition that is being read, and those behind it
  // that are of the same.
  void keep(const Partition& partition, Inbox& from, Consumer& consumer);
  // Where the next rows, or the end of a partition, are to be taken from, and up to which time of
  // messages; null where nothing may be handed out before more has come.
  struct Next {
    Inbox* inbox = nullptr;
    int64_t latest = Inbox::kNever;
  };
  Next next(const Assignment& assignment, const Consumer& consumer);
  // Forgets all that waits. Before the consumer ends.
  void clear() { lanes_.clear(); }

 private:
  struct Lane {
    Lane(int64_t rows, int64_t bytes) : inbox(rows, bytes) {}
    Inbox inbox;
    int64_t placement = -1;            // Of the partition when these messages came.
    Held<rd_kafka_queue_t> set_apart;  // The partition's own queue while nothing of it comes through the common one.
  };
  void put_back(Lane& lane, const Consumer& consumer);
  void forget_what_is_not_read(const Consumer& consumer);

  const int64_t align_;  // In milliseconds.
  const int64_t batch_rows_, batch_bytes_;
  std::map<const Partition*, Lane> lanes_;
};

}  // namespace levada::kafka_source
