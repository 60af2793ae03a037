// RequestList: requests in a row, linked through themselves. Used by the Link and the connection.
//
// Thread safety: an object belongs to one thread at a time, or to whoever holds its owner's lock.
#pragma once

#include <cstddef>
#include <utility>

#include "redis/request.h"

namespace larder::redis {

// First in, first out. A request is in one list at most; the list owns a share of each. Bounded by
// the requests that are alive: it allocates nothing.
class RequestList {
 public:
  RequestList() noexcept = default;
  RequestList(RequestList&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)),
        tail_(std::exchange(other.tail_, nullptr)),
        count_(std::exchange(other.count_, 0)) {}
  RequestList& operator=(RequestList&&) = delete;

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] Request* front() const noexcept { return head_; }

  void push(Request& request) noexcept {
    request.next_ = nullptr;
    (tail_ == nullptr ? head_ : tail_->next_) = &request;
    tail_ = &request;
    ++count_;
  }

  // Needs one.
  Request& pop() noexcept {
    Request& request = *head_;
    head_ = std::exchange(request.next_, nullptr);
    if (head_ == nullptr) tail_ = nullptr;
    --count_;
    return request;
  }

  RequestList take_all() noexcept { return std::move(*this); }

 private:
  Request* head_ = nullptr;
  Request* tail_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace larder::redis
