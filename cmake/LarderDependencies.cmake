# What the tree needs from outside. The library itself: threads, Boost.JSON, OpenSSL, zstd and
# libsodium, and header-only packages (xxHash, toml++, msgpack-cxx, Asio) that are compiled in. The
# command and the tests need more.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_path(LARDER_XXHASH_INCLUDE xxhash.h REQUIRED)

# Debian's msgpack-cxx cannot be installed beside its Boost 1.81: `./dev setup` unpacks it below the
# folder of the builds, which this build is in, at some depth.
set(unpacked "${CMAKE_CURRENT_SOURCE_DIR}/build/unpacked/usr/include")
set(folder "${CMAKE_BINARY_DIR}")
foreach(level RANGE 3)
  list(APPEND unpacked "${folder}/unpacked/usr/include")
  cmake_path(GET folder PARENT_PATH folder)
endforeach()
find_path(LARDER_MSGPACK_INCLUDE msgpack.hpp HINTS ${unpacked})
if(NOT LARDER_MSGPACK_INCLUDE)
  message(FATAL_ERROR "msgpack.hpp is missing: ./dev setup, or install msgpack-cxx, or name its "
                      "folder by -DLARDER_MSGPACK_INCLUDE=")
endif()

# These are linked into what uses the library: larder-config.cmake.in and larder.pc.in name them too.
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LARDER_ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LARDER_SODIUM REQUIRED IMPORTED_TARGET libsodium)

if(LARDER_BUILD_COMMAND)
  find_package(spdlog REQUIRED)
  find_package(prometheus-cpp REQUIRED COMPONENTS core)
  find_package(CLI11 REQUIRED)
endif()

if(LARDER_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_library(LARDER_RAPIDCHECK rapidcheck REQUIRED)
  include(GoogleTest)
endif()
