// Reloads one after the other, by a thread of its own, for whoever asks.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "agent/cli/reload/reload_answer.h"

namespace levada::agent {

class Reloader {
 public:
  // `reload` is called by the reloader's thread; what it answers is logged.
  explicit Reloader(std::function<ReloadAnswer()> reload);
  ~Reloader() { stop(); }
  // Until a reload that runs has come to its end. Who waits for a later one, or asks from now on,
  // hears that the agent is stopping. By the thread that made it.
  void stop();

  // One more begins when the one that runs, if any does, has ended. [any thread]
  void request();
  // The same, and waits for it: its answer is that of a reload that began after the call. Calls
  // that wait for the same one share it. [any thread]
  ReloadAnswer reload();

 private:
  void run();

  const std::function<ReloadAnswer()> reload_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t wanted_ = 0, begun_ = 0, ended_ = 0;  // Numbers of reloads.
  ReloadAnswer last_;                            // Of the one that ended last.
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace levada::agent
