// call_everything(): one call of each operation with the same arguments, and what each one
// answered. For rules that hold for all operations alike.
// Thread safety: as Cache<T>.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "face.h"

namespace larder::contract {

struct Arguments {
  std::string key = "key";
  std::string pattern = "*";
  std::string index = "index";
  std::string term = "term";
};

/// The error of each operation; nothing where it succeeded. Loaders answer 1, updaters store 1.
using Answers = std::map<Call, std::optional<Errc>>;
Answers call_everything(const Face<std::int64_t>& cache, const Arguments& arguments);

/// Operations that fail with an invalid key, an invalid pattern.
bool names_keys(Call call) noexcept;
bool names_patterns(Call call) noexcept;

}  // namespace larder::contract
