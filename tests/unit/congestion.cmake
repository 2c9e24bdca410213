# SPDX-License-Identifier: MIT
foreach(name ack_rate sent_history receive_estimate gcc scream congestion_controllers congestion_parts own_controller)
  crtc_test(test_${name} LABEL unit SEES base congestion MODULES base congestion SOURCES ${name}.c)
endforeach()
