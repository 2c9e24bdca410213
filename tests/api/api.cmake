foreach(name callbacks)
  crtc_test(test_api_${name} LABEL api SEES base SOURCES api_${name}.c api_pair.c)
endforeach()
