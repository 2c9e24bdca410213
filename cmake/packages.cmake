# SPDX-License-Identifier: MIT
# The Debian packages that `cpack` makes in a build with CRTC_DEBIAN (scripts/package): libcrtc0.1 with the library, named for its soname, and libcrtc-dev with what building against it
# needs. Included from cmake/install.cmake.
set(runtime_package libcrtc${CRTC_ABI})
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME crtc)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_CONTACT "${CRTC_PACKAGE_CONTACT}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
if(CRTC_HOMEPAGE_URL)
  set(CPACK_DEBIAN_PACKAGE_HOMEPAGE ${CRTC_HOMEPAGE_URL})
endif()
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${runtime_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "WebRTC for C programs: the shared library
 Peer connections with a browser or another program: video, sound and data,
 encrypted, from peer to peer, behind the interface of the browser's
 RTCPeerConnection in C.")
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_BINARY_DIR}/debian/triggers)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcrtc-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "WebRTC for C programs: headers and archive
 What is needed to build programs with libcrtc: the headers, libcrtc.a, and
 the files for pkg-config and CMake.")
# What crtc.pc requires and the archive stands on.
set(development_depends "${runtime_package} (= ${PROJECT_VERSION})" libmbedtls-dev libsrtp2-dev libusrsctp-dev)
if(CRTC_MEDIA)
  if(CRTC_OPENH264_FOUND)
    list(APPEND development_depends libopenh264-dev)
  endif()
  list(APPEND development_depends libjpeg-dev libopus-dev libspeexdsp-dev libvpx-dev libyuv-dev)
endif()
list(JOIN development_depends ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)

# Each package's folder of documents: copyright with the whole licence, and the changes.
file(STRINGS ${PROJECT_SOURCE_DIR}/LICENSE licence)
string(REPLACE ";" "\n " licence "${licence}")
string(REGEX REPLACE "\n +\n" "\n .\n" licence "${licence}")
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/debian/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: libcrtc
Comment: Of what is linked in, THIRD-PARTY-NOTICES in the folder of ${runtime_package} tells.

Files: *
Copyright: The libcrtc authors
License: MIT

License: MIT
 ${licence}
")
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/debian/changelog "crtc (${PROJECT_VERSION}) unstable; urgency=medium

  * Built from the sources of libcrtc ${PROJECT_VERSION}.
  * CHANGELOG.md there says what changed.

 -- ${CRTC_PACKAGE_CONTACT}  ${now}
")
execute_process(COMMAND gzip -9nf ${CMAKE_CURRENT_BINARY_DIR}/debian/changelog COMMAND_ERROR_IS_FATAL ANY)
foreach(package IN ITEMS ${CRTC_RUNTIME_DOC}/runtime ${CRTC_DEVELOPMENT_DOC}/development)
  get_filename_component(folder ${package} DIRECTORY)
  get_filename_component(component ${package} NAME)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/debian/copyright ${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.gz DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${folder} COMPONENT ${component})
endforeach()
include(CPack)
