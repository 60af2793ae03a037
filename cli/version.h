// The version of this build. Used by `larder --version` and the metric larder_build_info.
// Thread safety: a constant.
#pragma once

#include <string_view>

namespace larder::cli {

inline constexpr std::string_view kVersion = LARDER_VERSION;  // from CMake

}  // namespace larder::cli
