// SPDX-License-Identifier: MIT
// A media element plays the tracks of its stream: pictures are counted as they come, of what else is in it nothing is heard.
'use strict';
const { crtc, make, withOut } = require('./library');
const { handles } = require('./session');

function played(element) {
  if (element.readyState < 4) {
    element.readyState = 4;
    element.paused = false;
    for (const name of ['loadedmetadata', 'loadeddata', 'canplay', 'playing']) {
      element.dispatchEvent(new Event(name));
    }
  }
  element.currentTime += 0.02;
  element.dispatchEvent(new Event('timeupdate'));
}

function sinkOf(element, kind) {
  return make('rtc_media_sink_ops', kind === 'video' ? {
    on_video: (user, frame) => {
      element._frame?.(crtc.rtc_video_frame_width(frame), crtc.rtc_video_frame_height(frame));
      played(element);
    },
  } : { on_audio: () => played(element) });
}

// The frames come from worker threads, which wait meanwhile.
function play(element, stream) {
  const tracks = stream.getTracks();
  const first = tracks.find(each => each.kind === 'video') ?? tracks[0];
  if (first) {
    withOut(slot => crtc.rtc_media_stream_track_add_sink(handles.get(first), sinkOf(element, first.kind), null, slot));
  }
}

module.exports = { play };
