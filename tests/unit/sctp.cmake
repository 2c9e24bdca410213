foreach(name dcep crc32c flight sctp_threads)
  crtc_test(test_${name} LABEL unit SEES base sctp MODULES base no_media sctp SOURCES ${name}.c)
endforeach()
