# SPDX-License-Identifier: MIT
foreach(name bytes base64 address packet table timer_heap context)
  crtc_test(test_base_${name} LABEL unit SEES base MODULES base SOURCES base_${name}.c)
endforeach()
crtc_test(test_base_executor LABEL unit threads SEES base MODULES base SOURCES base_executor.c)
