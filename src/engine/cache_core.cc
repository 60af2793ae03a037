// The core of a cache: forwards to its engine.
//
// Thread safety: as in detail/core.h.
#include "engine/blocking.h"
#include "engine/core_parts.h"
#include "engine/trampoline.h"
#include "larder/detail/core.h"

namespace larder::detail {

CacheCore::CacheCore(std::unique_ptr<CoreParts> parts)
    : parts_(std::move(parts)), direct_(parts_->direct), wipes_(parts_->settings.secure_wipe) {}

CacheCore::~CacheCore() = default;

void CacheCore::run(Operation& op) noexcept { engine::run_blocking(*parts_, op); }

Engine& CacheCore::engine() const noexcept { return *parts_->engine; }

const std::string& CacheCore::name() const noexcept { return parts_->name; }

Stats CacheCore::stats() const {
  Stats stats;
  parts_->engine->collect(stats);
  return stats;
}

MetricsSnapshot CacheCore::metrics() const {
  return parts_->recorder != nullptr ? parts_->recorder->snapshot() : MetricsSnapshot{};
}

bool CacheCore::closed() const noexcept { return parts_->engine->closed(); }

Result<void> CacheCore::close(std::optional<std::chrono::nanoseconds> within) {
  std::optional<std::int64_t> deadline_ns;
  if (within) deadline_ns = Context::within(*within, parts_->clock()).deadline_ns;
  const engine::Trampoline::Scope scope;  // closing completes whoever waits
  return parts_->engine->close(deadline_ns);
}

Result<void> CacheCore::resize(std::size_t max_entries, std::size_t max_bytes) {
  if (max_entries == 0 || max_bytes == 0) {
    return Error(Errc::invalid_argument, "max_entries and max_bytes: accepted is 1 or more");
  }
  if (closed()) return Error(Errc::closed);
  return parts_->engine->resize(max_entries, max_bytes);
}

}  // namespace larder::detail
