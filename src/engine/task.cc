// The gate of sync_wait(): an event behind an opaque face.
//
// Thread safety: as in larder/task.h.
#include "larder/task.h"

#include <new>

#include "engine/trampoline.h"
#include "sync/event.h"

namespace larder::detail {
namespace {

sync::Event& event(std::byte* storage) noexcept {
  return *std::launder(reinterpret_cast<sync::Event*>(storage));
}

}  // namespace

Gate::Gate() noexcept {
  static_assert(sizeof(sync::Event) <= sizeof(storage_) && alignof(sync::Event) <= 8);
  ::new (static_cast<void*>(storage_)) sync::Event();
}

Gate::~Gate() { event(storage_).~Event(); }

void Gate::open() noexcept { event(storage_).set(); }

void Gate::wait() noexcept {
  engine::Trampoline::flush();  // this thread blocks: what waits for it must not
  event(storage_).wait();
}

}  // namespace larder::detail
