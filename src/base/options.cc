// The one error that lists every problem of a configuration. The problems of settings are found in
// config/field.cc.
//
// Thread safety: a pure function.
#include "larder/options.h"

#include <string>
#include <utility>
#include <vector>

namespace larder {

Result<void> check_config(const std::vector<std::string>& problems) {
  if (problems.empty()) return {};
  std::string message;
  for (const std::string& problem : problems) {
    if (!message.empty()) message += "; ";
    message += problem;
  }
  return Error(Errc::invalid_config, std::move(message));
}

}  // namespace larder
