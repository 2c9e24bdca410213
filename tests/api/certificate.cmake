# SPDX-License-Identifier: MIT
add_executable(print_certificate print_certificate.c)
target_link_libraries(print_certificate PRIVATE crtc_shared crtc_flags)
find_program(BASH bash REQUIRED)
add_test(NAME certificate_parsers COMMAND ${BASH} ${CMAKE_CURRENT_SOURCE_DIR}/certificate_parsers.sh $<TARGET_FILE:print_certificate>)
set_tests_properties(certificate_parsers PROPERTIES LABELS api TIMEOUT 120 SKIP_RETURN_CODE 77)
