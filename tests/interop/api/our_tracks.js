// SPDX-License-Identifier: MIT
// Tracks of libcrtc, for Side: test sources of one colour or tone out; pixels and tone of what comes in.
'use strict';
const { constants, crtc, make, withOut, koffi } = require('../../wpt/library');
const { handles, check } = require('../../wpt/session');
const { trackOf, trackOfSource } = require('../../wpt/media');
const { rgb } = require('../checks');

const OUR_TONE_HZ = 660;

function trackFrom(kind, options) {
  const [code, source] = withOut(slot => crtc[`rtc_test_${kind}_source_new`](null, make(`rtc_test_${kind}_options`, options), slot));
  check(code);
  const [other, handle] = withOut(slot => crtc.rtc_media_stream_track_new(source, slot));
  check(other);
  return trackOf(handle);
}

// One byte of a plane, at a share of its width and height: in the middle, below the test picture's counter and clock.
function sample(frame, plane, width, height) {
  const row = Math.floor(height * 0.75);
  return koffi.decode(crtc.rtc_video_frame_plane(frame, plane), row * Number(crtc.rtc_video_frame_stride(frame, plane)) + (width >> 1), 'uint8_t');
}

// What of frames in temporal layers is passed on: up to `most`. Whoever gets a layer again gets it from a picture on that says so, or a keyframe.
class Part {
  most = 0;
  open = [true, false, false];
  came = 0;

  takes(frame) {
    const [layer, key] = [crtc.rtc_encoded_frame_temporal_id(frame), crtc.rtc_encoded_frame_keyframe(frame)];
    const sync = (crtc.rtc_encoded_frame_layer_flags(frame) & constants.RTC_LAYER_SYNC) !== 0;
    this.came++;
    this.open = this.open.map((open, each) => each <= this.most && (open || key || (sync && each === layer)));
    return this.open[layer];
  }
}

// A call within this process, in which the first one sends the track in layers: its receiver.
async function receiverOf(track, scalabilityMode, mimeType) {
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
  from.onicecandidate = ({ candidate }) => candidate && to.addIceCandidate(candidate);
  to.onicecandidate = ({ candidate }) => candidate && from.addIceCandidate(candidate);
  const transceiver = from.addTransceiver(track, { direction: 'sendonly', sendEncodings: [{ scalabilityMode }] });
  transceiver.setCodecPreferences(RTCRtpReceiver.getCapabilities('video').codecs.filter(codec => codec.mimeType.toLowerCase() === mimeType));
  await from.setLocalDescription();
  await to.setRemoteDescription(from.localDescription);
  await to.setLocalDescription();
  await from.setRemoteDescription(to.localDescription);
  return { receiver: to.getTransceivers()[0].receiver, close: () => [from, to].forEach(pc => pc.close()) };
}

class OurTracks {
  watched = new Map();

  // A track of encoded pictures in temporal layers, of which it brings those up to `part.most`.
  async layered(colour, mode, mimeType) {
    const part = new Part();
    const { receiver, close } = await receiverOf(this.picture(colour), mode, mimeType);
    const ask = () => setImmediate(() => crtc.rtc_rtp_receiver_request_keyframe(handles.get(receiver)));
    const [code, source] = withOut(slot => crtc.rtc_media_source_new(null, constants.RTC_MEDIA_VIDEO, 'part', make('rtc_media_source_ops', { request_keyframe: ask }), null, slot));
    check(code);
    const ops = make('rtc_media_sink_ops', { on_encoded: (user, frame) => part.takes(frame) && crtc.rtc_media_source_push_encoded(source, frame) });
    check(withOut(slot => crtc.rtc_media_stream_track_add_sink(handles.get(receiver.track), ops, null, slot))[0]);
    return Object.assign(part, { track: trackOfSource(source), close });
  }

  picture([r, g, b], width = 320, height = 240) {
    return trackFrom('video', { width, height, frames_per_second: 20, colour: r << 16 | g << 8 | b });
  }

  async sound() {
    return trackFrom('audio', { frequency_hz: OUR_TONE_HZ });
  }

  watch(track) {
    if (this.watched.has(track)) {
      return;
    }
    const found = { frames: 0, width: 0, colour: undefined, crossings: 0, samples: 0, was: 0, hz: 0 };
    this.watched.set(track, found);
    const ops = make('rtc_media_sink_ops', track.kind === 'video' ? { on_video: (user, frame) => this.look(found, frame) } : { on_audio: (user, frame) => this.listen(found, frame) });
    check(withOut(slot => crtc.rtc_media_stream_track_add_sink(handles.get(track), ops, null, slot))[0]);
  }

  look(found, frame) {
    const [width, height] = [crtc.rtc_video_frame_width(frame), crtc.rtc_video_frame_height(frame)];
    const colour = rgb([0, 1, 2].map(plane => sample(frame, plane, plane ? width >> 1 : width, plane ? height >> 1 : height)));
    Object.assign(found, { frames: found.frames + 1, width, colour });
  }

  // Upward zero crossings in half a second.
  listen(found, frame) {
    const [count, channels, rate] = [crtc.rtc_audio_frame_samples(frame), crtc.rtc_audio_frame_channels(frame), crtc.rtc_audio_frame_sample_rate(frame)];
    const values = koffi.decode(crtc.rtc_audio_frame_data(frame), 'int16_t', count * channels);
    for (let i = 0; i < values.length; i += channels) {
      found.crossings += found.was < 0 && values[i] >= 0;
      found.was = values[i];
    }
    found.samples += count;
    if (found.samples >= rate / 2) {
      Object.assign(found, { hz: found.crossings * rate / found.samples, crossings: 0, samples: 0 });
    }
  }

  seen(track) {
    const { frames, width, colour } = this.watched.get(track) ?? { frames: 0 };
    return { frames, width, colour };
  }

  heard(track) {
    return this.watched.get(track)?.hz ?? 0;
  }
}

module.exports = { OurTracks, OUR_TONE_HZ };
