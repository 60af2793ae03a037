// Handling of bytes that must not leak: wiping that the compiler keeps, comparison in constant
// time. Used by secure_wipe mode and by the comparison of secrets.
//
// Thread safety: pure functions of the memory that they are given.
#pragma once

#include <cstddef>
#include <string_view>

namespace larder::base {

// Overwrites `size` bytes with zeros, also where nothing reads them afterwards.
void secure_zero(void* data, std::size_t size) noexcept;

// True when both have the same bytes. The time depends on the lengths alone, which are not secret.
bool constant_time_equal(std::string_view left, std::string_view right) noexcept;

}  // namespace larder::base
