// Which folders of instances are in use: the old and the new instance of a component never have one
// at once.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "levada/result.h"

namespace levada::agent {

// One for an agent.
class DataDirs {
 public:
  // A folder that is taken, until this goes.
  class Claim {
   public:
    Claim() = default;
    Claim(DataDirs* from, std::string folder) : from_(from), folder_(std::move(folder)) {}
    Claim(Claim&& other) noexcept : from_(std::exchange(other.from_, nullptr)), folder_(std::move(other.folder_)) {}
    Claim& operator=(Claim&& other) noexcept {
      std::swap(from_, other.from_);
      std::swap(folder_, other.folder_);
      return *this;
    }
    ~Claim() {
      if (from_) from_->give_back(folder_);
    }

   private:
    DataDirs* from_ = nullptr;
    std::string folder_;
  };

  // FATAL where another instance has it.
  Result<Claim> claim(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    if (!taken_.insert(folder).second) return fatal(folder + " is still in use by another instance of this component");
    return Claim(this, folder);
  }

 private:
  void give_back(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    taken_.erase(folder);
  }

  std::mutex mutex_;
  std::set<std::string> taken_;
};

}  // namespace levada::agent
