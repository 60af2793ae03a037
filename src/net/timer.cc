// Timer on Asio's steady_timer. A handler that was on its way when the timer was set anew or
// cancelled is told apart by its round.
#include "net/timer.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "net/loop_impl.h"

namespace larder::net {

struct Timer::Impl {
  Impl(boost::asio::io_context& context, std::function<void()> callback)
      : timer(context), on_time(std::move(callback)) {}

  boost::asio::steady_timer timer;
  std::function<void()> on_time;
  std::uint64_t round = 0;
};

Timer::Timer(Loop& loop, std::function<void()> on_time)
    : impl_(std::make_shared<Impl>(loop.impl().context, std::move(on_time))) {}

Timer::~Timer() { cancel(); }

void Timer::set(std::chrono::nanoseconds after) {
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24);  // no sum overflows
  const std::uint64_t round = ++impl_->round;
  impl_->timer.expires_after(std::clamp(after, std::chrono::nanoseconds(0), kLongest));
  impl_->timer.async_wait([impl = impl_, round](const boost::system::error_code&) {
    if (impl->round == round) impl->on_time();
  });
}

void Timer::cancel() noexcept {
  ++impl_->round;
  try {
    impl_->timer.cancel();
  } catch (const boost::system::system_error&) {  // the round is what counts
  }
}

}  // namespace larder::net
