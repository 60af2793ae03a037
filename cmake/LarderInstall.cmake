# The install tree: headers, liblarder.a, a CMake package (larder::larder) and a pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(larder_install)
  set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/larder")
  install(TARGETS larder EXPORT larder_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT larder_targets NAMESPACE larder:: FILE larder-targets.cmake
          DESTINATION "${package_dir}")
  install(DIRECTORY "${larder_SOURCE_DIR}/include/larder"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
  configure_package_config_file("${larder_SOURCE_DIR}/cmake/larder-config.cmake.in"
    "${larder_BINARY_DIR}/larder-config.cmake" INSTALL_DESTINATION "${package_dir}")
  write_basic_package_version_file("${larder_BINARY_DIR}/larder-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
  install(FILES "${larder_BINARY_DIR}/larder-config.cmake"
                "${larder_BINARY_DIR}/larder-config-version.cmake" DESTINATION "${package_dir}")
  configure_file("${larder_SOURCE_DIR}/cmake/larder.pc.in" "${larder_BINARY_DIR}/larder.pc" @ONLY)
  install(FILES "${larder_BINARY_DIR}/larder.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  if(TARGET larder_command)
    install(TARGETS larder_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endfunction()
