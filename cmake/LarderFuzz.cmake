# Fuzz targets. A folder gets them by having the files; nothing has to be declared:
#   src/<folder>/<unit>_fuzz.cc    extern "C" int LLVMFuzzerTestOneInput(const uint8_t*, size_t)
#   fuzz/<folder>/<unit>/          its seeds, as they are handed to that function; at least one
#
# <folder>_<unit>_replay   with every compiler: the seeds and what is close to them (fuzz/replay.cc),
#                          a test named fuzz.<folder>_<unit>
# <folder>_<unit>_fuzz     with Clang, by request: libFuzzer with AddressSanitizer and
#                          UndefinedBehaviorSanitizer; finds go to the first folder it is given:
#   cmake --preset clang && cmake --build build/clang --target resp_parser_fuzz
#   mkdir -p build/found && build/clang/fuzz/resp_parser_fuzz build/found fuzz/resp/parser
# A find is minimised (-minimize_crash=1) and becomes a seed.

# larder_fuzz(FOLDER FILE [SOURCES file...] [ROOTS include...] [LIBS library...]): called by
# larder_folder() for each *_fuzz.cc. SOURCES: the code under test, compiled again so that the
# fuzzer sees its branches.
function(larder_fuzz folder file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;ROOTS;LIBS")
  get_filename_component(stem "${file}" NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" unit "${stem}")

  set(replay ${folder}_${unit}_replay)
  add_executable(${replay} ${file} "${larder_SOURCE_DIR}/fuzz/replay.cc")
  target_link_libraries(${replay} PRIVATE larder_${folder} larder_build_flags)
  larder_set_sanitizer_options(${replay})
  add_test(NAME fuzz.${folder}_${unit}
           COMMAND ${replay} "${larder_SOURCE_DIR}/fuzz/${folder}/${unit}")
  math(EXPR timeout "120 * ${LARDER_TIMEOUT_SCALE}")
  set_tests_properties(fuzz.${folder}_${unit} PROPERTIES LABELS fuzz TIMEOUT ${timeout})

  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT LARDER_SANITIZE STREQUAL "thread")
    set(fuzzer ${folder}_${unit}_fuzz)
    set(flags -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
    add_executable(${fuzzer} EXCLUDE_FROM_ALL ${file} ${arg_SOURCES})
    set_target_properties(${fuzzer} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
    target_include_directories(${fuzzer} PRIVATE ${arg_ROOTS})
    target_compile_options(${fuzzer} PRIVATE ${flags} -fno-omit-frame-pointer)
    target_link_options(${fuzzer} PRIVATE ${flags})
    target_link_libraries(${fuzzer} PRIVATE ${arg_LIBS} larder_build_flags)
  endif()
endfunction()
