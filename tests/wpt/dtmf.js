// SPDX-License-Identifier: MIT
// RTCDTMFSender (webrtc-pc 7).
'use strict';
const idl = require('./webidl');
const { crtc, make } = require('./library');
const { handles, check, need, known, objectOf, queueTask } = require('./session');
const events = require('./events');

class RTCDTMFSender extends EventTarget {
  insertDTMF(tones, duration = 100, interToneGap = 70) {
    if (arguments.length === 0) {
      throw new TypeError('an argument is missing');
    }
    check(crtc.rtc_dtmf_sender_insert(handles.get(this), `${tones}`, idl.unsignedLong(duration), idl.unsignedLong(interToneGap)));
  }

  get canInsertDTMF() { return crtc.rtc_dtmf_sender_can_insert(handles.get(this)); }
  get toneBuffer() { return crtc.rtc_dtmf_sender_tone_buffer(handles.get(this)); }
}
idl.eventHandlers(RTCDTMFSender, 'tonechange');
idl.expose(RTCDTMFSender);

let callbacks = null;

// null of a sender of video.
function dtmfOf(sender) {
  return objectOf(need('rtc_rtp_sender_dtmf')(sender), 'rtc_dtmf_sender_ref', handle => {
    callbacks ??= make('rtc_dtmf_sender_callbacks', {
      on_tone_change: (user, of, tone) => {
        const dtmf = known(of);
        queueTask(dtmf, () => dtmf.dispatchEvent(new events.RTCDTMFToneChangeEvent('tonechange', { tone })));
      },
    });
    const dtmf = new RTCDTMFSender();
    handles.set(dtmf, handle);
    check(crtc.rtc_dtmf_sender_set_callbacks(handle, callbacks, null));
    return dtmf;
  });
}

module.exports = { dtmfOf };
