// The faults, applied to bytes.
#include "servers/proxy_pipe.h"

#include <algorithm>

namespace larder::servers {

void ProxyPipe::restart() noexcept {
  passed_ = 0;
  tail_.clear();
}

bool ProxyPipe::wants_bytes() const noexcept {
  return !ended_ && !cut_ && !faults_->hold && waiting_bytes_ < kMostWaiting;
}

void ProxyPipe::take(std::string_view received, Instant now) {
  (way_ == Way::to_server ? counts_->bytes_to_server : counts_->bytes_to_client) += received.size();
  if (faults_->black_hole) {
    counts_->lost_bytes += received.size();
    return;
  }
  std::string bytes(received);
  cut_short(bytes);
  corrupt(bytes);
  passed_ += bytes.size();
  store(std::move(bytes), now);
}

bool ProxyPipe::use_up_one() {
  if (faults_->times == 0) return false;
  --faults_->times;
  return true;
}

void ProxyPipe::cut_short(std::string& bytes) {
  if (!faults_->cut_after || passed_ + bytes.size() < *faults_->cut_after || !use_up_one()) return;
  // When the faults were set anew in between, more may have passed than the limit.
  const std::uint64_t room = *faults_->cut_after - std::min(*faults_->cut_after, passed_);
  bytes.resize(static_cast<std::size_t>(room));
  cut_ = true;
}

void ProxyPipe::corrupt(std::string& bytes) {
  if (faults_->corrupt_at && *faults_->corrupt_at - passed_ < bytes.size()) {
    flip(bytes[static_cast<std::size_t>(*faults_->corrupt_at - passed_)]);
  }
  const std::string& text = faults_->corrupt_text;
  if (text.empty()) return;
  const std::string both = tail_ + bytes;
  for (std::size_t at = both.find(text); at != std::string::npos; at = both.find(text, at + 1)) {
    flip(bytes[at + text.size() - 1 - tail_.size()]);  // the tail is shorter than the text
  }
  tail_ = both.substr(both.size() - std::min(both.size(), text.size() - 1));
}

void ProxyPipe::flip(char& byte) {
  if (!use_up_one()) return;
  byte = static_cast<char>(byte ^ 1);
  ++counts_->corrupted_bytes;
}

void ProxyPipe::store(std::string bytes, Instant now) {
  const std::size_t step =
      faults_->slice > 0 ? faults_->slice : std::max<std::size_t>(bytes.size(), 1);
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    Instant due = now;
    if (faults_->delay.count() > 0) {
      due = (faults_->slice > 0 ? std::max(now, last_due_) : now) +
            std::chrono::duration_cast<Instant::duration>(faults_->delay);
      ++counts_->delayed_chunks;
    }
    due = std::max(due, last_due_);  // nothing overtakes
    last_due_ = due;
    waiting_.push_back({bytes.substr(at, step), due});
    if (faults_->slice > 0) ++counts_->slices;
  }
  waiting_bytes_ += bytes.size();
}

std::optional<Instant> ProxyPipe::due() const noexcept {
  if (waiting_.empty() || faults_->hold) return {};
  return waiting_.front().due;
}

std::string_view ProxyPipe::next(Instant now) const noexcept {
  const auto when = due();
  return when && *when <= now ? std::string_view(waiting_.front().bytes) : std::string_view();
}

void ProxyPipe::sent(std::size_t count) {
  waiting_bytes_ -= count;
  waiting_.front().bytes.erase(0, count);
  if (waiting_.front().bytes.empty()) waiting_.pop_front();
}

bool ProxyPipe::is_over() const noexcept {
  return ended_ && waiting_.empty() && !faults_->black_hole && !faults_->hold;
}

}  // namespace larder::servers
