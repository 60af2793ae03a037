# Installs the build of BUILD_DIR below WORK, and proves the install tree by the project CONSUMER.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed: ${command}\n${output}")
  endif()
endfunction()

# An instrumented library needs its run-time library in every program that links it.
set(flags "")
if(SANITIZE STREQUAL "address")
  set(flags "-fsanitize=address,undefined")
elseif(SANITIZE STREQUAL "thread")
  set(flags "-fsanitize=thread")
elseif(COVERAGE)
  set(flags "--coverage")
endif()

file(REMOVE_RECURSE "${WORK}")
set(prefix "${WORK}/prefix")
run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${prefix}")
# Copied, so that nothing of the source tree is beside it.
file(COPY "${CONSUMER}" DESTINATION "${WORK}")
run("${CMAKE_COMMAND}" -S "${WORK}/consumer" -B "${WORK}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}" "-DCMAKE_CXX_FLAGS=${flags}")
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${WORK}/build/consumer")

find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  file(GLOB_RECURSE description "${prefix}/larder.pc")
  get_filename_component(folder "${description}" DIRECTORY)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${folder}" "${PKG_CONFIG}"
                          --define-variable=prefix=${prefix} --cflags --libs larder
                  OUTPUT_VARIABLE options RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "pkg-config does not find larder in ${folder}")
  endif()
  separate_arguments(options UNIX_COMMAND "${options}")
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run("${COMPILER}" ${flags} "${WORK}/consumer/main.cc" ${options} -o "${WORK}/by_pkg_config")
  run("${WORK}/by_pkg_config")
endif()
