// Names and defaults of the workloads.
//
// Thread safety: see workload.h.
#include "bench/workload.h"

#include <algorithm>

namespace larder::bench {

std::string_view to_string(Workload workload) noexcept {
  switch (workload) {
    case Workload::get:
      return "get";
    case Workload::set:
      return "set";
    case Workload::mix:
      return "mix";
    case Workload::cache_aside:
      return "cache-aside";
    case Workload::get_or_set:
      return "get_or_set";
    case Workload::update:
      return "update";
    case Workload::get_many:
      return "get_many";
    case Workload::one_hot_key:
      return "one-hot-key";
    case Workload::get_ref:
      return "get_ref";
  }
  return "?";
}

std::optional<Workload> workload_of(std::string_view name) noexcept {
  for (const Workload workload : kWorkloads) {
    if (to_string(workload) == name) return workload;
  }
  return std::nullopt;
}

bool is_short_of_room(Workload workload) noexcept {
  return workload == Workload::cache_aside || workload == Workload::get_or_set;
}

std::uint64_t default_capacity(Workload workload, std::uint32_t keys) noexcept {
  if (is_short_of_room(workload)) return std::max<std::uint64_t>(1, keys / 10);
  return std::uint64_t{keys} + keys / 8 + 1024;
}

}  // namespace larder::bench
