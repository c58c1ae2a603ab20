// Asks the brokers what takes a while, off the thread that polls: which partitions
// there are, and where to start.
#pragma once

#include <future>
#include <optional>
#include <string>
#include <vector>

#include "consumer.h"
#include "start.h"

namespace levada::kafka_source {

// A partition that is to be read.
struct Wanted {
  std::string topic;
  int32_t partition = 0;
  std::optional<int64_t> checkpoint;  // See Known.
  bool came_back = false;
  bool out_of_range = false;  // The broker has no row at `checkpoint`.
};

// And from where.
struct Placed {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  std::optional<int64_t> committed;
  bool by_rule = false;      // Nothing was known: another day, the answer may be another.
  bool jump = false;         // It is not where the sinks stand: another member has had the rows in between.
  int64_t rows_missing = 0;  // Deleted before they were read.
  bool beyond_end = false;   // There are fewer rows than were read: the topic was made anew, or lost some.
};

class OffsetResolver {
 public:
  struct Rules {
    StartRule start;
    std::string owner;
    bool shared = false;  // See Known.
  };
  struct Found {
    TopicPartitionList partitions;  // From look_around; else null.
    std::vector<Placed> placed;     // From place.
  };

  // Works with the consumer, and wakes it when there is an answer.
  OffsetResolver(Consumer& consumer, Rules rules) : consumer_(consumer), rules_(std::move(rules)) {}
  // Waits for what is under way: some seconds at most.
  ~OffsetResolver() = default;

  bool busy() const { return answer_.valid(); }
  void place(std::vector<Wanted> wanted);
  void look_around(const Topics& topics);
  // The answer, if it has come.
  std::optional<Result<Found>> take();

 private:
  template <class Work>
  void start(Work work);
  Result<Found> find_places(const std::vector<Wanted>& wanted) const;

  Consumer& consumer_;
  const Rules rules_;
  std::future<Result<Found>> answer_;
};

}  // namespace levada::kafka_source
