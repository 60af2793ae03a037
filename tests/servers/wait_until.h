// wait_until: for states of servers that nobody announces. Used by the topologies and their tests.
// Thread safety: any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

namespace larder::servers {

constexpr std::chrono::seconds kLongWait{60};

/// Looks again and again until `holds`; a ServerError in it means not yet. Throws ServerError when
/// that takes longer than `most`.
void wait_until(const std::function<bool()>& holds, std::string_view what,
                std::chrono::milliseconds most = kLongWait);

}  // namespace larder::servers
