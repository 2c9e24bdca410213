# The loop without a connection: src/peer is linked because the loop calls its sans-I/O face.
foreach(name posts lock loop udp resolver)
  crtc_test(test_io_${name} LABEL unit threads SEES base io SOURCES io_${name}.c)
endforeach()
