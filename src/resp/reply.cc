// The copy runs in two passes: one counts, the other fills blocks of just the size.
#include "resp/reply.h"

#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace larder::resp {
namespace {

struct Size {
  std::size_t values = 0;  // the root left out
  std::size_t bytes = 0;
};

// Recursion here and below is bounded by ParserLimits::depth.
void add_size(const Value& value, Size& size) noexcept {
  size.bytes += value.text.size();
  size.values += value.items.size();
  for (const Value& item : value.items) add_size(item, size);
}

// The next unused places of the two blocks.
struct Room {
  Value* values;
  char* bytes;
};

Value copy(const Value& value, Room& room) noexcept {
  Value result = value;
  if (!value.text.empty()) {
    std::memcpy(room.bytes, value.text.data(), value.text.size());
    result.text = {room.bytes, value.text.size()};
    room.bytes += value.text.size();
  } else {
    result.text = {};
  }
  Value* const items = room.values;
  room.values += value.items.size();
  for (std::size_t i = 0; i < value.items.size(); ++i) items[i] = copy(value.items[i], room);
  result.items = {items, value.items.size()};
  return result;
}

}  // namespace

Reply::Reply(const Value& value) {
  Size size;
  add_size(value, size);
  values_ = std::make_unique<Value[]>(size.values);
  bytes_ = std::make_unique_for_overwrite<char[]>(size.bytes);
  Room room{.values = values_.get(), .bytes = bytes_.get()};
  root_ = copy(value, room);
}

Reply::Reply(Reply&& other) noexcept
    : root_(std::exchange(other.root_, {})),
      values_(std::move(other.values_)),
      bytes_(std::move(other.bytes_)) {}

Reply& Reply::operator=(Reply&& other) noexcept {
  values_ = std::move(other.values_);
  bytes_ = std::move(other.bytes_);
  root_ = std::exchange(other.root_, {});
  return *this;
}

}  // namespace larder::resp
