# What the tree needs from outside. The library itself: threads, Boost.JSON, OpenSSL, zstd and
# libsodium, and header-only packages (xxHash, toml++, msgpack-cxx, Asio) that are compiled in. The command and the tests
# need more.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_path(LARDER_XXHASH_INCLUDE xxhash.h REQUIRED)

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
