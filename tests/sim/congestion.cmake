# SPDX-License-Identifier: MIT
set(scene judged.c congestion_judged.c congestion_scene.c congestion_flow.c congestion_link.c congestion_cubic.c)
crtc_test(test_sim_congestion LABEL sim TIMEOUT 300 SEES base congestion MODULES base congestion SOURCES congestion_scenarios.c ${scene})
crtc_test(test_sim_congestion_seeds LABEL full TIMEOUT 1800 PARTS 8 SEES base congestion MODULES base congestion SOURCES congestion_seeds.c ${scene})
