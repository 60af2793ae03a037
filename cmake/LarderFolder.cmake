# One target per folder. A folder without sources is an interface target, so that a folder may hold
# headers only, or nothing yet.

# larder_folder(NAME [DEPENDS folder...] [SYSTEM library...]): a folder of src/.
# Targets: larder_<name> (static, what a folder of a higher level and the unit tests link) and
# <name>_test from all *_test.cc; <name>_<x>_bench for each x_bench.cc, by request; what
# LarderFuzz.cmake says for each *_fuzz.cc. Its objects become part of the library `larder`.
function(larder_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;SYSTEM")
  _larder_unit(${name} "src;include" "${arg_DEPENDS}" "${arg_SYSTEM}" unit)
  if(TARGET larder_${name}_objects)
    set_property(GLOBAL APPEND PROPERTY LARDER_OBJECT_FOLDERS ${name})
    set_property(GLOBAL APPEND PROPERTY LARDER_SYSTEM_LIBRARIES ${arg_SYSTEM})
  endif()
endfunction()

# larder_consumer(NAME [DEPENDS consumer...] [SYSTEM library...]): a top folder that uses larder as
# anybody outside would: it sees the public headers, and top folders by "<folder>/<file>.h".
# main.cc is left for larder_program().
function(larder_consumer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;SYSTEM")
  _larder_unit(${name} ".;include" "${arg_DEPENDS}" "larder;${arg_SYSTEM}" ${name})
endfunction()

# larder_program(TARGET OUTPUT MAIN [LIBS ...]): an executable of a top folder, if MAIN exists.
function(larder_program target output main)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "LIBS")
  if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${main}")
    return()
  endif()
  add_executable(${target} ${main})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output}
                        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  target_include_directories(${target} PRIVATE "${larder_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE ${arg_LIBS} larder larder_build_flags)
endfunction()

# Combines the objects of all folders of src/ into the installable static library `larder`.
function(larder_library)
  get_property(folders GLOBAL PROPERTY LARDER_OBJECT_FOLDERS)
  get_property(system_libraries GLOBAL PROPERTY LARDER_SYSTEM_LIBRARIES)
  list(REMOVE_DUPLICATES system_libraries)
  set(objects)
  foreach(folder IN LISTS folders)
    list(APPEND objects $<TARGET_OBJECTS:larder_${folder}_objects>)
  endforeach()
  if(objects)
    add_library(larder STATIC ${objects})
    set(scope PUBLIC)
    target_link_libraries(larder PRIVATE ${system_libraries})
  else()
    add_library(larder INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(larder::larder ALIAS larder)
  target_compile_features(larder ${scope} cxx_std_23)
  target_link_libraries(larder ${scope} Threads::Threads)
  target_include_directories(larder ${scope}
    "$<BUILD_INTERFACE:${larder_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:include>")
endfunction()

# add_subdirectory() where the folder has a CMakeLists.txt.
macro(larder_add_if_present folder)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory(${folder})
  endif()
endmacro()

# The common part of larder_folder() and larder_consumer(): globs, include roots, library, unit tests.
function(_larder_unit name roots depends system label)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  set(benches ${sources})
  set(fuzzes ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER fuzzes INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|_fuzz|/main)\\.cc$")
  list(TRANSFORM roots PREPEND "${larder_SOURCE_DIR}/")
  list(TRANSFORM depends PREPEND larder_)
  set(links ${depends} ${system} Threads::Threads)

  if(sources)
    add_library(larder_${name}_objects OBJECT ${sources})
    target_include_directories(larder_${name}_objects PUBLIC ${roots})
    target_link_libraries(larder_${name}_objects PUBLIC ${links} PRIVATE larder_build_flags)
    add_library(larder_${name} STATIC $<TARGET_OBJECTS:larder_${name}_objects>)
    target_include_directories(larder_${name} PUBLIC ${roots})
    target_link_libraries(larder_${name} PUBLIC ${links})
  else()
    add_library(larder_${name} INTERFACE)
    target_include_directories(larder_${name} INTERFACE ${roots})
    target_link_libraries(larder_${name} INTERFACE ${links})
  endif()

  foreach(bench IN LISTS benches)
    get_filename_component(stem "${bench}" NAME_WE)
    add_executable(${name}_${stem} EXCLUDE_FROM_ALL ${bench})
    target_link_libraries(${name}_${stem} PRIVATE larder_${name} larder_build_flags)
  endforeach()
  if(LARDER_BUILD_TESTS)
    foreach(fuzz IN LISTS fuzzes)
      larder_fuzz(${name} ${fuzz} SOURCES ${sources} ROOTS ${roots} LIBS ${links})
    endforeach()
  endif()
  if(tests AND LARDER_BUILD_TESTS)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE larder_${name} larder_build_flags
                          ${LARDER_RAPIDCHECK} GTest::gmock GTest::gtest GTest::gtest_main)
    larder_register_gtest(${name}_test LABELS ${label})
  endif()
endfunction()
