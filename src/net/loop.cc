// Loop on Asio's io_context.
#include "net/loop.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "net/loop_impl.h"

namespace larder::net {

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() = default;

void Loop::run() { impl_->context.run(); }

void Loop::stop() noexcept { impl_->context.stop(); }

bool Loop::is_resolving() const noexcept { return impl_->resolving > 0; }

void Loop::post(std::function<void()> task) { boost::asio::post(impl_->context, std::move(task)); }

}  // namespace larder::net
