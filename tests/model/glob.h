// The contract's pattern dialect, written a second time and as plainly as possible, so that the
// model does not share a mistake with the library. Used to decompose pattern operations.
// Thread safety: pure functions.
#pragma once

#include <string_view>

namespace larder::model {

/// `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, `\x`, byte-wise, over the whole text. The pattern must be
/// well formed: the driver passes only such.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace larder::model
