# Build options, and the compile flags of everything in this tree (interface target larder_build_flags).

set(LARDER_SANITIZE "none" CACHE STRING "Sanitizers: none, address (with undefined) or thread")
set_property(CACHE LARDER_SANITIZE PROPERTY STRINGS none address thread)
option(LARDER_COVERAGE "Instrument for line coverage" OFF)
option(LARDER_WERROR "Warnings are errors" ${PROJECT_IS_TOP_LEVEL})
option(LARDER_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(LARDER_BUILD_COMMAND "Build the larder command, its services and the examples"
       ${PROJECT_IS_TOP_LEVEL})

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
endif()

add_library(larder_build_flags INTERFACE)
target_compile_options(larder_build_flags INTERFACE -Wall -Wextra)
if(LARDER_WERROR)
  target_compile_options(larder_build_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 itself calls std::get_temporary_buffer (stable_sort), which C++23 deprecates; GCC
  # keeps the warning on for our own code.
  target_compile_options(larder_build_flags INTERFACE -Wthread-safety -Wno-deprecated-declarations)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(larder_build_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()

if(LARDER_SANITIZE STREQUAL "address")
  set(sanitizer_flags -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(LARDER_SANITIZE STREQUAL "thread")
  set(sanitizer_flags -fsanitize=thread)
  # ThreadSanitizer sees no fences; Asio's loops hand everything over under their mutex as well.
  target_compile_definitions(larder_build_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
elseif(NOT LARDER_SANITIZE STREQUAL "none")
  message(FATAL_ERROR "LARDER_SANITIZE is '${LARDER_SANITIZE}': use none, address or thread")
endif()
if(sanitizer_flags)
  target_compile_options(larder_build_flags INTERFACE ${sanitizer_flags} -O1 -g1
                         -fno-omit-frame-pointer)
  target_link_options(larder_build_flags INTERFACE ${sanitizer_flags})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code defeats the flow analysis behind this warning; the release build keeps it.
    target_compile_options(larder_build_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(LARDER_COVERAGE)
  target_compile_options(larder_build_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(larder_build_flags INTERFACE --coverage)
endif()

# Sanitized and instrumented tests are slower by about this factor.
set(LARDER_TIMEOUT_SCALE 1)
if(sanitizer_flags OR LARDER_COVERAGE)
  set(LARDER_TIMEOUT_SCALE 5)
endif()

if(PROJECT_IS_TOP_LEVEL)
  find_program(LARDER_CCACHE ccache)
  if(LARDER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT LARDER_COVERAGE)
    # Paths below the source folder are hashed relative, so that copies of the tree share results.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND};-E;env;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};CCACHE_NOHASHDIR=1;${LARDER_CCACHE}")
  endif()
  find_program(LARDER_MOLD mold)
  if(LARDER_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_link_options(-fuse-ld=mold)
  endif()
endif()
