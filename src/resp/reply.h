// A value that owns what it shows. Used where a reply outlives the buffer it came in: a
// connection's greeting, results that are handed to another thread, tests.
//
// Thread safety: immutable but for moves; an object belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <memory>

#include "resp/value.h"

namespace larder::resp {

// A deep copy in two blocks of memory. Invariant: the views of `root_` and below point into the two
// blocks, which stay where they are when the object moves. Empty or moved from, it shows null.
class Reply {
 public:
  Reply() = default;
  explicit Reply(const Value& value);

  Reply(Reply&& other) noexcept;
  Reply& operator=(Reply&& other) noexcept;

  const Value& value() const noexcept { return root_; }

 private:
  Value root_;
  std::unique_ptr<Value[]> values_;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace larder::resp
