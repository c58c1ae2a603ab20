// As text: the stream's end (with a "!" for a jump), rows read, stream and file, then fate, rows, component and reason
// of each loss; tabs between.
#include "agent/pipeline/account.h"

#include <algorithm>

#include "agent/base/numbers.h"
#include "levada/positions.h"

namespace levada::agent {
namespace {

constexpr size_t kKinds = 1000;  // Reasons of a component that are told apart.
constexpr std::string_view kOtherReasons = "other reasons";
constexpr std::string_view kFates[] = {"filtered", "elsewhere", "dead letters", "dropped"};

}  // namespace

std::string_view name_of(Fate fate) { return kFates[static_cast<size_t>(fate)]; }

void add_loss(std::vector<Loss>& losses, Fate fate, std::string_view component, std::string_view reason, int64_t rows) {
  const auto find = [&](std::string_view wanted) {
    return std::find_if(losses.begin(), losses.end(), [&](const Loss& loss) {
      return loss.fate == fate && loss.reason == wanted && loss.component == component;
    });
  };
  auto at = find(reason);
  if (at == losses.end() && losses.size() >= kKinds) at = find(reason = kOtherReasons);
  if (at == losses.end()) losses.push_back({fate, std::string(component), std::string(reason), rows});
  else at->rows += rows;
}

void append_losses(std::string& to, const std::vector<Loss>& losses) {
  for (const auto& loss : losses) {
    to += '\t' + std::to_string(static_cast<int>(loss.fate)) + '\t' + std::to_string(loss.rows) + '\t';
    append_escaped(to, loss.component);
    to += '\t';
    append_escaped(to, loss.reason);
  }
}

std::optional<std::vector<Loss>> read_losses(std::span<const std::string_view> parts) {
  if (parts.size() % 4 != 0) return std::nullopt;
  std::vector<Loss> losses;
  for (; !parts.empty(); parts = parts.subspan(4)) {
    unsigned fate = 0;
    int64_t rows = 0;
    if (!read_number(parts[0], fate) || fate >= std::size(kFates) || !read_number(parts[1], rows)) return std::nullopt;
    losses.push_back({static_cast<Fate>(fate), unescaped(parts[2]), unescaped(parts[3]), rows});
  }
  return losses;
}

void write_kind(std::string_view reason, std::string& kind) {
  kind.resize(std::min<size_t>(reason.size(), 200));
  char* out = kind.data();
  for (size_t at = 0; at < kind.size(); ++at) {
    const bool digit = reason[at] >= '0' && reason[at] <= '9';
    if (digit && out > kind.data() && out[-1] == '#') continue;
    *out++ = digit ? '#' : reason[at];
  }
  kind.resize(static_cast<size_t>(out - kind.data()));
}

std::string Account::encoded() const {
  std::string text = std::to_string(end) + (jump ? "!\t" : "\t") + std::to_string(read) + '\t';
  append_escaped(text, stream);
  text += '\t';
  append_escaped(text, file);
  append_losses(text, losses);
  return text;
}

std::optional<Account> Account::decode(std::string_view text) {
  auto parts = tab_separated(text);
  Account account;
  account.jump = parts[0].ends_with('!');
  parts[0].remove_suffix(account.jump);
  if (parts.size() < 4 || !read_number(parts[0], account.end) || !read_number(parts[1], account.read))
    return std::nullopt;
  account.stream = unescaped(parts[2]);
  account.file = unescaped(parts[3]);
  auto losses = read_losses(std::span(parts).subspan(4));
  if (!losses) return std::nullopt;
  account.losses = *std::move(losses);
  return account;
}

}  // namespace levada::agent
