// The Asio side of Loop. Used inside net/ alone, so that no other folder pays for Asio's headers.
//
// Thread safety: as in loop.h.
#pragma once

#include <cstddef>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "net/loop.h"

namespace larder::net {

struct Loop::Impl {
  boost::asio::io_context context{1};  // one thread runs it
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  std::size_t resolving = 0;  // names under way; of the loop's thread
};

}  // namespace larder::net
