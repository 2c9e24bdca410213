# SPDX-License-Identifier: MIT
# What `cmake --install` puts where: the component `runtime` is what a program that is there needs, `development` what building one needs. Included from src.
set(CRTC_RUNTIME_DOC crtc)
set(CRTC_DEVELOPMENT_DOC crtc)
set(licence LICENSE)
if(CRTC_DEBIAN) # where each package has a folder of its own, with a file `copyright`
  set(CRTC_RUNTIME_DOC libcrtc${CRTC_ABI})
  set(CRTC_DEVELOPMENT_DOC libcrtc-dev)
  set(licence "")
endif()
set(runtime COMPONENT runtime)
set(development COMPONENT development)
install(TARGETS crtc_shared EXPORT crtc LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ${runtime} NAMELINK_COMPONENT development)
install(TARGETS crtc_static EXPORT crtc ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} ${development})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/crtc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${development})
install(EXPORT crtc NAMESPACE crtc:: FILE crtc-targets.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/crtc ${development})

include(CMakePackageConfigHelpers)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/crtc-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/crtc-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/crtc)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/crtc-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/crtc-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/crtc-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/crtc ${development})

# For pkg-config: what has a .pc file is required by its name, which brings what stands behind it; the rest is named here, with what its archives (if they are linked) need.
list(JOIN CRTC_PC_REQUIRES ", " CRTC_PC_REQUIRES)
list(JOIN CRTC_PC_LIBRARIES " " CRTC_PC_LIBRARIES)
# Relative to the file itself, so that the tree can be installed, or moved, anywhere (cmake --install --prefix).
set(CRTC_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  set(CRTC_PC_PREFIX "\${pcfiledir}/${up}")
endif()
set(CRTC_PC_URL ${CRTC_HOMEPAGE_URL})
if(NOT CRTC_PC_URL)
  set(CRTC_PC_URL "file://\${prefix}/${CMAKE_INSTALL_DATAROOTDIR}/doc/${CRTC_DEVELOPMENT_DOC}/README.md")
endif()
configure_file(${PROJECT_SOURCE_DIR}/cmake/crtc.pc.in ${CMAKE_CURRENT_BINARY_DIR}/crtc.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/crtc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${development})

list(TRANSFORM licence PREPEND ${PROJECT_SOURCE_DIR}/)
install(FILES ${licence} ${PROJECT_SOURCE_DIR}/THIRD-PARTY-NOTICES DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${CRTC_RUNTIME_DOC} ${runtime})
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${CRTC_DEVELOPMENT_DOC} ${development})
if(CRTC_DEBIAN)
  include(packages)
endif()
