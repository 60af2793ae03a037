// The parts of value handling that need no T: wiping of memory and of strings.
//
// Thread safety: as in value_ops.h.
#include "larder/value_ops.h"

#include "base/secure.h"

namespace larder {

void detail::zero_memory(void* data, std::size_t size) noexcept { base::secure_zero(data, size); }

void secure_wipe(std::string& value) noexcept {
  base::clear_registers();  // before the first call, like secure_zero()
  // The whole buffer, not only what is in use: shorter contents may have followed longer ones.
  value.resize(value.capacity());
  base::secure_zero(value.data(), value.size());
  value.clear();
}

}  // namespace larder
