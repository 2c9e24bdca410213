# SPDX-License-Identifier: MIT
# The loop without a connection: src/peer is linked because the loop calls its sans-I/O face.
foreach(name posts lock loop network_type ports udp resolver)
  crtc_test(test_io_${name} LABEL unit threads SEES base io SOURCES io_${name}.c)
endforeach()
# The loop's sockets with a connection of the test's own in place of the library's.
foreach(name multicast network shared_port tcp tcp_listener udp_socket)
  crtc_test(test_io_${name} LABEL unit SEES base io MODULES base io SOURCES io_${name}.c io_fake_connection.c)
endforeach()
