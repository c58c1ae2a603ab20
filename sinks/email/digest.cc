#include "digest.h"

#include <algorithm>
#include <utility>

namespace levada::email {
namespace {

constexpr size_t kSubjectBytes = 250, kRowBytes = size_t{16} << 10;

Result<Pattern> pattern_of(const std::string& option, const std::string& text) {
  auto pattern = Pattern::parse(text);
  if (!pattern) return wrong(option, pattern.error().message);
  return pattern;
}

// Of an option that holds an address: what is constant can be checked at once.
Result<Pattern> address_pattern(const std::string& option, const std::string& text) {
  auto pattern = pattern_of(option, text);
  if (!pattern) return pattern;
  if (pattern->constant())
    if (auto address = parse_address(pattern->constant_text()); !address) return wrong(option, address.error().message);
  return pattern;
}

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    if (!space) line += c;
    else if (!line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

Result<Digest> Digest::from(const EmailSettings& settings) {
  Digest made;
  auto from = address_pattern("from", settings.from);
  if (!from) return std::move(from).error();
  made.from_ = *std::move(from);
  if (settings.to.empty()) return wrong("to", "a mail needs at least one recipient");
  for (const auto& text : settings.to) {
    auto to = address_pattern("to", text);
    if (!to) return std::move(to).error();
    made.to_.push_back(*std::move(to));
  }
  auto subject = pattern_of("subject", settings.subject);
  if (!subject) return std::move(subject).error();
  made.subject_ = *std::move(subject);
  if (settings.text) {
    auto text = pattern_of("text", *settings.text);
    if (!text) return std::move(text).error();
    made.text_ = *std::move(text);
  }
  if (settings.key) {
    auto key = pattern_of("key", *settings.key);
    if (!key) return std::move(key).error();
    made.key_ = *std::move(key);
  }
  made.rows_max_ = static_cast<size_t>(settings.digest_rows);
  return made;
}

void Digest::clear() {
  held_.clear();
  rejections_.clear();
  groups_.clear();
  numbers_.clear();
}

int64_t Digest::add(Batch& batch, CoolDown& cool_down, std::chrono::nanoseconds now) {
  Bound bound;
  bound.from.bind(from_, batch);
  bound.subject.bind(subject_, batch);
  for (const auto& to : to_) bound.to.emplace_back(to, batch);
  if (text_) bound.text.bind(*text_, batch);
  if (key_) bound.key.bind(*key_, batch);
  const size_t number = held_.size();
  const Batch input = batch;
  int64_t held_back = 0;
  bool used = false;
  std::string text, key;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    auto mail = make(batch, bound, row, text);
    if (!mail) {
      batch.reject(row, mail.error().message);
      continue;
    }
    CoolDown::Verdict verdict;
    if (key_) {
      key.clear();
      if (const auto* missing = bound.key.append(row, key)) {
        batch.reject(row, "the column \"" + *missing + "\", which the key is made of, has no value");
        continue;
      }
      verdict = cool_down.see(key, now);
    }
    if (!verdict.mail) {
      ++held_back;
      continue;
    }
    std::string name = mail->from.name + '\0' + mail->from.mailbox + '\0' + mail->subject;
    for (const auto& to : mail->to) name += '\0' + to.name + '\0' + to.mailbox;
    const auto [found, is_new] = numbers_.try_emplace(std::move(name), groups_.size());
    if (is_new) groups_.push_back({*std::move(mail), {}});
    Group& group = groups_[found->second];
    group.rows.push_back({number, row});
    used = true;
    if (group.rows.size() > rows_max_) continue;
    if (!group.mail.text.empty()) group.mail.text += '\n';
    group.mail.text += text;
    if (verdict.held_back > 0)
      group.mail.text += "(" + std::to_string(verdict.held_back) + " more like it got no mail since the last one.)\n";
  }
  if (used) {
    held_.push_back(input);
    rejections_.emplace_back();
  }
  return held_back;
}

Result<Mail> Digest::make(const Batch& batch, const Bound& bound, int64_t row, std::string& text) const {
  const auto missing = [](const std::string& column, const char* what) {
    return levada::reject("the column \"" + column + "\", which the " + what + " is made of, has no value");
  };
  Mail mail;
  std::string filled;
  if (const auto* column = bound.from.append(row, filled)) return missing(*column, "sender");
  auto from = parse_address(filled);
  if (!from) return std::move(from).error();
  mail.from = *std::move(from);
  for (const auto& each : bound.to) {
    filled.clear();
    if (const auto* column = each.append(row, filled)) return missing(*column, "recipient");
    auto to = parse_address(filled);
    if (!to) return std::move(to).error();
    // A mailbox that is named twice gets one mail.
    const auto same = [&](const Address& other) { return other.mailbox == to->mailbox; };
    if (std::none_of(mail.to.begin(), mail.to.end(), same)) mail.to.push_back(*std::move(to));
  }
  filled.clear();
  if (const auto* column = bound.subject.append(row, filled)) return missing(*column, "subject");
  mail.subject = shortened(on_one_line(filled), kSubjectBytes);
  if (text_) {
    text.clear();
    if (const auto* column = bound.text.append(row, text)) return missing(*column, "text");
  } else {
    text = all_columns(batch, row);
  }
  text = shortened(text, kRowBytes);
  if (!text.ends_with('\n')) text += '\n';
  return mail;
}

std::string Digest::all_columns(const Batch& batch, int64_t row) const {
  std::string text;
  for (const auto& column : batch.columns()) {
    if (column.type() == Type::opaque || column.null(row)) continue;
    (text += column.name()) += ": ";
    append_value(column, row, text);
    text += '\n';
    if (text.size() > kRowBytes) break;
  }
  return text;
}

Mail Digest::mail(size_t number) const {
  const Group& group = groups_[number];
  Mail mail = group.mail;
  if (group.rows.size() > rows_max_)
    mail.text += "\n... and " + std::to_string(group.rows.size() - rows_max_) + " more.\n";
  return mail;
}

void Digest::reject(size_t number, const std::string& reason) {
  for (const auto& row : groups_[number].rows) rejections_[row.batch].push_back({row.row, reason, {}});
}

bool Digest::hand_over(Batch& rejected) {
  for (size_t at = 0; at < held_.size(); ++at) {
    if (rejections_[at].empty()) continue;
    std::sort(rejections_[at].begin(), rejections_[at].end(),
              [](const Rejection& a, const Rejection& b) { return a.row < b.row; });
    rejected = Batch::rejected(held_[at], rejections_[at]);
    rejections_[at].clear();
    return true;
  }
  return false;
}

}  // namespace levada::email
