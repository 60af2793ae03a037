# Passes only if COMPILER refuses SOURCE with a message that matches the regular expression (of CMake)
# in its first line, `// expect: <regex>`; and accepts it with the macro LARDER_ACCEPT defined, under
# which the file holds the right form: so nothing else in it is wrong.
file(STRINGS "${SOURCE}" first LIMIT_COUNT 1)
if(NOT first MATCHES "^// expect: (.+)$")
  message(FATAL_ERROR "${SOURCE}: the first line is no `// expect: <regex>`")
endif()
set(expected "${CMAKE_MATCH_1}")
set(compile "${COMPILER}" -std=c++23 -Wall -Wextra -Werror -fsyntax-only "-I${INCLUDE}")

execute_process(COMMAND ${compile} "${SOURCE}" RESULT_VARIABLE status
                OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles; it must be refused with: ${expected}")
endif()
if(NOT output MATCHES "${expected}")
  message(FATAL_ERROR "${SOURCE} is refused for another reason than: ${expected}\n${output}")
endif()

execute_process(COMMAND ${compile} -DLARDER_ACCEPT "${SOURCE}" RESULT_VARIABLE status
                OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} does not compile with LARDER_ACCEPT either, so that it proves "
                      "nothing:\n${output}")
endif()
