// An ordered sequence of batches between sources and sinks. Each sink reads
// it with a cursor of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "agent/flow/in_flight.h"

namespace levada::agent {

// Calls may come from any thread; those of one cursor come from one at a time.
class Channel {
 public:
  virtual ~Channel() = default;

  // Before the first append; `reader` names whoever reads with the cursor: "sinks.kafka".
  virtual void add_writer() = 0;
  virtual size_t add_cursor(const std::string& reader) = 0;
  // A source writes to it that others wait for. A channel may take less from those that can read
  // again, as long as its readers have rows before them.
  virtual void take_all_that_fits() {}
  // Makes ready what lies on a disk; before all that follows.
  virtual Done open() { return {}; }

  // What it took survives the process: sources go on from where it stands, and not
  // from where its readers stand.
  virtual bool durable() const { return false; }
  // How far each source's stream has got in a durable channel.
  virtual Positions positions() const { return {}; }

  // Takes the batch, or gives false and leaves it where it is: `blocked_by` says why.
  virtual bool append(InFlight&& in_flight) = 0;
  // Returns when there may be room again, or the time is up.
  virtual void wait_for_room(nanoseconds timeout) = 0;
  // Why it takes nothing, for a log line: "32 MiB are waiting for
  // sinks.kafka". Empty where it does.
  virtual std::string blocked_by() const = 0;
  // Who keeps it from letting go of memory, likewise, also where it is not full.
  virtual std::string holder() const { return {}; }
  // A source is through with it; once all writers are, no more batches come.
  virtual void close() = 0;

  // The reader's sink has recovered, and this is what its last commit stands for. A durable channel
  // goes on there. Before the first read, and after each failure.
  virtual void resume(size_t cursor, const Positions& committed) = 0;
  // The next batch, waiting for it at most so long.
  virtual std::optional<InFlight> read(size_t cursor, nanoseconds timeout) = 0;
  // All that the cursor has read is stored elsewhere.
  virtual void commit(size_t cursor) = 0;
  // Goes back to behind the last commit.
  virtual void rewind(size_t cursor) = 0;
  // It was closed, and the cursor has read all of it.
  virtual bool ended(size_t cursor) const = 0;
  // Since the cursor's last commit somebody has waited for room: who holds rows back should commit.
  virtual bool under_back_pressure(size_t cursor) const = 0;
  // A source waits for memory, which readers could give back. Wakes them.
  virtual void apply_back_pressure() = 0;
};

}  // namespace levada::agent
