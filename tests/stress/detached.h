// Detached: a coroutine that starts at once and belongs to nobody. For tests that run very many.
// Their loaders have names: GCC 12 destroys the captures of a lambda twice where the lambda stands
// in the awaited expression itself.
// Thread safety: as the coroutine's own body.
#pragma once

#include <coroutine>
#include <exception>

namespace larder::stress {

struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

}  // namespace larder::stress
