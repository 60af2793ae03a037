// Looking at a state, with pauses.
#include "servers/wait_until.h"

#include <poll.h>
#include <string>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

constexpr int kPauseMs = 5;

bool looks_true(const std::function<bool()>& holds, std::string& trouble) {
  try {
    return holds();
  } catch (const ServerError& error) {
    trouble = error.what();
    return false;
  }
}

}  // namespace

void wait_until(const std::function<bool()>& holds, std::string_view what,
                std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  std::string trouble;
  while (!looks_true(holds, trouble)) {  // bound: `most`
    if (std::chrono::steady_clock::now() > end) {
      throw ServerError("never came: " + std::string(what) + "; last trouble: " + trouble);
    }
    ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace larder::servers
