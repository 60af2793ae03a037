# Test targets: larder_test() for tests outside src/, larder_register_gtest() for any GoogleTest program.

# Where a test program that runs as a whole leaves its case counts (read by tools/test_total.py).
set(LARDER_GTEST_RESULTS "${CMAKE_BINARY_DIR}/gtest-results")

# What a test program asks of its sanitizer.
function(larder_set_sanitizer_options target)
  if(LARDER_SANITIZE STREQUAL "thread")
    target_sources(${target} PRIVATE "${larder_SOURCE_DIR}/tests/tsan_options.cc")
  endif()
endfunction()

# Registers the cases of a GoogleTest program with ctest, as `<target without _test>.<Suite>.<Case>`.
#   LABELS l...  labels; `full` keeps a test out of the default run
#   TIMEOUT s    per ctest test, scaled up under sanitizers (default 120)
#   WHOLE        one process for all cases (many small cases, or a report over all of them)
#   SERIAL       nothing else runs beside it (thousands of threads, or measured time)
#   SHARDS n     with WHOLE: n processes, each with its share of the cases
function(larder_register_gtest target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WHOLE;SERIAL" "TIMEOUT;SHARDS" "LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  larder_set_sanitizer_options(${target})
  math(EXPR timeout "${arg_TIMEOUT} * ${LARDER_TIMEOUT_SCALE}")
  set(properties TIMEOUT ${timeout} RUN_SERIAL ${arg_SERIAL})
  if(NOT arg_WHOLE)
    # A list inside PROPERTIES would be split again in the generated script: labels go in escaped.
    string(REPLACE ";" "\\;" labels "${arg_LABELS}")
    string(REGEX REPLACE "_test$" "" prefix "${target}")
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                         TEST_PREFIX "${prefix}." PROPERTIES LABELS "${labels}" ${properties})
    return()
  endif()
  if(NOT arg_SHARDS)
    set(arg_SHARDS 1)
  endif()
  math(EXPR last "${arg_SHARDS} - 1")
  foreach(shard RANGE ${last})
    set(name ${target})
    if(arg_SHARDS GREATER 1)
      set(name ${target}.${shard})
    endif()
    add_test(NAME ${name}
             COMMAND ${target} --gtest_brief=1 --gtest_output=json:${LARDER_GTEST_RESULTS}/${name}.json)
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" ${properties}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

# Leaves out the optimiser in Release builds: half the build time of a test program.
function(larder_compile_quickly target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)
endfunction()

# larder_test(NAME SOURCES... [LABELS ...] [LIBS ...] [TIMEOUT s] [WHOLE] [SHARDS n] [SERIAL]
#             [INTERNAL] [OPTIMIZED])
# A GoogleTest program linked with larder. It sees the public headers only, with INTERNAL also src/.
# Tests call much and compute little: they are compiled quickly unless OPTIMIZED.
function(larder_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WHOLE;SERIAL;INTERNAL;OPTIMIZED" "TIMEOUT;SHARDS"
                        "SOURCES;LABELS;LIBS")
  list(APPEND arg_SOURCES ${arg_UNPARSED_ARGUMENTS})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  if(NOT arg_OPTIMIZED)
    larder_compile_quickly(${name})
  endif()
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  if(arg_INTERNAL)
    target_include_directories(${name} PRIVATE "${larder_SOURCE_DIR}/src")
  endif()
  target_link_libraries(${name} PRIVATE larder larder_build_flags ${arg_LIBS}
                        ${LARDER_RAPIDCHECK} GTest::gmock GTest::gtest GTest::gtest_main)
  set(forward)
  foreach(option IN ITEMS TIMEOUT SHARDS)
    if(arg_${option})
      list(APPEND forward ${option} ${arg_${option}})
    endif()
  endforeach()
  foreach(option IN ITEMS WHOLE SERIAL)
    if(arg_${option})
      list(APPEND forward ${option})
    endif()
  endforeach()
  larder_register_gtest(${name} ${forward} LABELS ${arg_LABELS})
endfunction()

# larder_test_folder([any option of larder_test]): all *.cc of the current folder as `<folder>_test`.
function(larder_test_folder)
  get_filename_component(folder "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  larder_test(${folder}_test SOURCES ${sources} LABELS ${folder} ${ARGN})
endfunction()
