// What the conformance tests of all kinds share: instances that are driven through the C functions.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "levada/has.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/values.h"

namespace levada::testkit {

using Findings = std::vector<std::string>;

// An instance on a host of its own, or on one that was there before it.
class Instance {
 public:
  explicit Instance(const Subject& subject) : Instance(subject, std::make_shared<FakeHost>("tested"), true) {}
  // `drains`: the host says until_drained.
  Instance(const Subject& subject, std::shared_ptr<FakeHost> host, bool prepares, bool drains = true);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() { end(); }
  // Destroys the instance: two of one component never have one data_dir, or one lock, at once.
  void end();

  bool made() const { return self_ != nullptr; }
  levada_code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::shared_ptr<FakeHost>& host() const { return host_; }
  const Subject& subject() const { return *subject_; }
  void* self() const { return self_; }

  template <class Functions>
  const Functions& functions() const {
    return *static_cast<const Functions*>(subject_->component->functions);
  }
  // Runs a function that may fail, keeps code and message.
  template <class Function>
  levada_code call(Function&& function) {
    levada_error error{};
    code_ = function(&error);
    message_ = error.message;
    return code_;
  }

 private:
  const Subject* subject_;
  std::shared_ptr<FakeHost> host_;
  void* self_ = nullptr;
  levada_code code_ = LEVADA_OK;
  std::string message_;
};

// A batch that a component hands over, released at the end. What lies behind it is no
// business of the component's.
struct Received {
  levada_batch batch = detail::empty_batch();
  char behind[64];
  Received() { std::memset(behind, kUntouched, sizeof behind); }
  Received(const Received&) = delete;
  Received& operator=(const Received&) = delete;
  ~Received() { detail::release(batch); }
  bool empty() const { return batch.rows.release == nullptr; }
  // Written behind the size that the caller named, or over it.
  bool overflowed() const {
    if (batch.size != sizeof batch) return true;
    for (const char each : behind)
      if (each != kUntouched) return true;
    return false;
  }

 private:
  static constexpr char kUntouched = 0x5A;
};

// Calls `close` until it is through; what was wrong with it, or empty.
std::string close_fault(Instance& instance);

// Every file outside of the data folder, with what is in it.
std::map<std::string, std::string> disk_of(const FakeHost& host, MemoryFiles& files);
std::string name_of(levada_code code);
// Where two lists of rows part; empty if they do not.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& got);

// The batches that interceptors and sinks are given: the subject's own, and those made of
// its bodies: plain, empty, sliced, full of nulls, as a dictionary, without a body, and
// beside columns of every type.
struct Input {
  std::string name;
  SharedBatch batch;
};
std::vector<Input> inputs_of(const Subject& subject);
Batch plain_input(const Subject& subject);
SharedBatch dictionary_input(const Subject& subject);  // Its bodies must be UTF-8.
// A batch with a column of a type that Arrow does not have.
SharedBatch foreign_input();

// Batches of a few rows with the columns that the subject reads or may read, each with a different
// value in each row, nulls among them, and a column kRowNumber. Without nulls: `full`.
struct ColumnInput {
  std::string name;
  Batch full, batch;
  // The same as `batch`, with other values behind the nulls.
  Batch rubbish;
  std::vector<std::string> columns;  // Those that it may read.
};
inline constexpr const char* kRowNumber = "row_number";
std::vector<ColumnInput> column_inputs(const Subject& subject);
// Rows of a batch, in memory of their own: what a slice of it is compared with.
SharedBatch copied(Batch batch, int64_t first, int64_t count);

std::vector<Must> plugin_musts();
std::vector<Must> source_musts();
std::vector<Must> interceptor_musts();
std::vector<Must> sink_musts();

}  // namespace levada::testkit
