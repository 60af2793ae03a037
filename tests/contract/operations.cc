// The names of the operations.
//
// Thread safety: constants.
#include "operations.h"

#include <array>

namespace larder::contract {
namespace {

constexpr std::array<std::string_view, kCalls> kNames = {"get",
                                                         "get_ref",
                                                         "get_entry",
                                                         "metadata",
                                                         "contains",
                                                         "set",
                                                         "erase",
                                                         "clear",
                                                         "get_or_set",
                                                         "get_or_set_ref",
                                                         "update",
                                                         "set_if_absent",
                                                         "set_if_present",
                                                         "compare_and_set",
                                                         "increment",
                                                         "decrement",
                                                         "touch",
                                                         "rename",
                                                         "take",
                                                         "set_tags",
                                                         "get_many",
                                                         "set_many",
                                                         "erase_many",
                                                         "metadata_many",
                                                         "get_or_set_many",
                                                         "add_index",
                                                         "add_index_many",
                                                         "remove_index",
                                                         "remove_index_many",
                                                         "get_by_index",
                                                         "get_by_index_many",
                                                         "get_values_by_index",
                                                         "get_values_by_index_many",
                                                         "count_by_index",
                                                         "count_by_index_many",
                                                         "erase_by_index",
                                                         "erase_by_index_many",
                                                         "erase_by_tag",
                                                         "erase_by_tag_many",
                                                         "keys_by_pattern",
                                                         "erase_by_pattern",
                                                         "scan",
                                                         "scan_index",
                                                         "stats",
                                                         "close",
                                                         "resize"};
static_assert(!kNames.back().empty());

}  // namespace

std::string_view to_string(Call call) noexcept { return kNames[static_cast<std::size_t>(call)]; }

}  // namespace larder::contract
