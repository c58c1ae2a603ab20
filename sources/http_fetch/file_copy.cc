#include "file_copy.h"

namespace levada::http_fetch {
namespace {

constexpr size_t kStepBytes = 1 << 20;

std::string etag_of(const levada_file_info& info) {
  return std::to_string(info.device) + ":" + std::to_string(info.inode) + ":" + std::to_string(info.bytes) + ":" +
         std::to_string(info.modified_ns);
}

}  // namespace

Attempt FileCopy::failed(std::string reason) {
  body_.reset();
  file_ = File();
  return {Attempt::Kind::again, 0, std::move(reason)};
}

Result<std::optional<Attempt>> FileCopy::proceed() {
  using Outcome = std::optional<Attempt>;
  if (!body_) {
    auto file = files_.open(entry_.path());
    if (!file) return Outcome(failed(file.error().message));
    const auto info = file->info();
    if (!info) return Outcome(failed(info.error().message));
    if ((info->mode & 0170000) == 0040000)
      return Outcome(Attempt{Attempt::Kind::failed, 0, entry_.path() + " is a folder"});
    file_ = *std::move(file);
    etag_ = etag_of(*info);
    if (etag_ == known_.etag) return Outcome(Attempt{Attempt::Kind::unchanged});
    auto body = bodies_.begin(entry_.name, rules_.body);
    if (!body) return std::move(body).error();
    body_ = *std::move(body);
  }
  std::string bytes(kStepBytes, '\0');
  const auto got = file_.read(bytes.data(), bytes.size(), body_->received());
  if (!got) return Outcome(failed(got.error().message));
  bytes.resize(*got);
  const auto taken = *got > 0 ? body_->write(bytes) : body_->finish();
  if (taken.code() == Code::reject) return Outcome(Attempt{Attempt::Kind::failed, 0, taken.error().message});
  if (taken.code() == Code::idle) return Outcome(failed(taken.error().message));
  if (!taken) {
    auto error = taken.error();
    (void)failed({});
    return error;
  }
  if (*got > 0) return Outcome();
  const auto info = file_.info();
  if (!info) return Outcome(failed(info.error().message));
  if (etag_of(*info) != etag_) return Outcome(failed(entry_.path() + " was changed while it was read"));
  return Outcome(Attempt{Attempt::Kind::whole});
}

}  // namespace levada::http_fetch
