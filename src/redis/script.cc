// Finding a script by its name.
// Thread safety: see script.h.
#include "redis/script.h"

#include <algorithm>

#include "base/check.h"

namespace larder::redis {

const Script& find_script(std::string_view name) noexcept {
  const auto found = std::ranges::find(scripts(), name, &Script::name);
  CHECK(found != scripts().end());
  return *found;
}

}  // namespace larder::redis
