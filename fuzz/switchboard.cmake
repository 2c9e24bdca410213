# SPDX-License-Identifier: MIT
# The server of the call example; its messages need cJSON.
pkg_check_modules(FUZZ_CJSON IMPORTED_TARGET libcjson)
if(FUZZ_CJSON_FOUND)
  set(call ${PROJECT_SOURCE_DIR}/examples/call)
  crtc_fuzz(switchboard SEES base MODULES base SOURCES fuzz_switchboard.c ${call}/message.c ${call}/switchboard.c ${call}/socket_queue.c ${call}/utf8.c
    CORPUS ${CMAKE_CURRENT_SOURCE_DIR}/corpus/switchboard)
  target_include_directories(fuzz_switchboard PRIVATE ${call})
  target_link_libraries(fuzz_switchboard PRIVATE PkgConfig::FUZZ_CJSON)
endif()
