// What there is to do so that topics are as a configuration says: by comparing the two, without a
// look at the network.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kafka/conf.h"

namespace levada {

// How a topic is made that is not there; -1: the broker decides.
struct NewTopic {
  int partitions = -1;
  int replication = -1;
  Properties settings = {};
};

struct WantedTopic {
  std::string name;
  NewTopic how;
};

// What a broker says of a topic that is there.
struct TopicState {
  int partitions = 0;
  int replication = 0;
  std::map<std::string, std::string> settings = {};  // All of them, those with the broker's default too.
  std::vector<std::string> own = {};                 // Those that the topic has a value of its own for.
};

struct TopicChange {
  enum class Kind { none, create, alter };
  struct Setting {
    std::string name;
    std::string before;  // Empty where the topic is not there, or has no such setting.
    std::string after;
    bool operator==(const Setting&) const = default;
  };
  WantedTopic wanted;
  Kind kind = Kind::none;
  int partitions_before = 0;
  bool grows = false;  // `wanted` has more partitions than there are.
  std::vector<Setting> settings = {};
  std::vector<std::string> conflicts = {};  // What can never be done to a topic that is there.
  // Own settings that the configuration does not name; they stay.
  std::vector<std::string> unnamed = {};
  std::string refusal = {};         // Why the broker does not do it.
  bool refusal_is_final = false;    // It never will, with this configuration.
  bool is_there_after_all = false;  // It was to be created, and somebody has just done it.

  bool is_good() const { return conflicts.empty() && refusal.empty(); }
};

TopicChange compare(const WantedTopic& wanted, const std::optional<TopicState>& state);
// "+ logs: 3 partitions, replication 1, retention.ms = 1000", without a line end; what cannot be
// done on lines of its own behind it, "  ! ...".
std::string text_of(const TopicChange& change);

}  // namespace levada
