// Handling of bytes that must not leak: wiping that the compiler keeps, comparison in constant
// time. Used by secure_wipe mode and by the comparison of secrets.
//
// Thread safety: pure functions of the memory that they are given.
#pragma once

#include <cstddef>
#include <string_view>

namespace larder::base {

// Overwrites `size` bytes with zeros, also where nothing reads them afterwards, and clears the
// registers, which may hold what they were.
void secure_zero(void* data, std::size_t size) noexcept;

// Clears the vector registers: what was copied or compared last is still in them. It reaches memory
// where a thread is made, which begins with its maker's registers, and where the dynamic linker
// finds a function at its first call: it saves them to the stack. So they are cleared after secret
// bytes were moved to their place, and before threads are made.
void clear_registers() noexcept;

// Zeroes the stack below the caller's frame, and the registers: what functions that have returned
// left there. As deep as any of ours goes.
void clear_stack() noexcept;

// True when both have the same bytes. The time depends on the lengths alone, which are not secret.
bool constant_time_equal(std::string_view left, std::string_view right) noexcept;

}  // namespace larder::base
