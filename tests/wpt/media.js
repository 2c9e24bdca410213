// SPDX-License-Identifier: MIT
// MediaStreamTrack and MediaStream (mediacapture-streams 4) over rtc_media_stream_track and rtc_media_stream, and tracks of test sources for getUserMedia.
'use strict';
const idl = require('./webidl');
const { crtc, make, hasMember, withOut, readList } = require('./library');
const { handles, check, need, known, objectOf, queueTask, nameOf, valueOf } = require('./session');
const events = require('./events');

class MediaStreamTrack extends EventTarget {
  get kind() { return nameOf('RTC_MEDIA_', crtc.rtc_media_stream_track_kind(handles.get(this))); }
  get id() { return crtc.rtc_media_stream_track_id(handles.get(this)); }
  get label() { return crtc.rtc_media_stream_track_label(handles.get(this)); }
  get enabled() { return crtc.rtc_media_stream_track_enabled(handles.get(this)); }
  set enabled(value) { crtc.rtc_media_stream_track_set_enabled(handles.get(this), Boolean(value)); }
  get muted() { return crtc.rtc_media_stream_track_muted(handles.get(this)); }
  get readyState() { return nameOf('RTC_TRACK_', crtc.rtc_media_stream_track_ready_state(handles.get(this))); }
  get contentHint() { return need('rtc_media_stream_track_content_hint')(handles.get(this)); }
  set contentHint(value) { need('rtc_media_stream_track_set_content_hint')(handles.get(this), `${value}`); }
  stop() { crtc.rtc_media_stream_track_stop(handles.get(this)); }
  clone() {
    const [code, handle] = withOut(slot => need('rtc_media_stream_track_clone')(handles.get(this), slot));
    check(code);
    return trackOf(handle);
  }
}

class MediaStream extends EventTarget {
  #tracks = new Set();

  constructor(given = undefined) {
    super();
    const tracks = given === undefined ? [] : given instanceof MediaStream ? given.getTracks() : idl.sequence(idl.instance(() => MediaStreamTrack))(given);
    if (!nextStream) {
      const [code, handle] = withOut(slot => crtc.rtc_media_stream_new(null, null, slot));
      check(code);
      handles.set(this, handle);
    } else {
      handles.set(this, nextStream);
    }
    tracks.forEach(each => this.addTrack(each));
  }

  get id() { return crtc.rtc_media_stream_id(handles.get(this)); }
  get active() { return [...this.#tracks].some(each => each.readyState === 'live'); }
  getTracks() { return [...this.#tracks]; }
  getAudioTracks() { return this.getTracks().filter(each => each.kind === 'audio'); }
  getVideoTracks() { return this.getTracks().filter(each => each.kind === 'video'); }
  getTrackById(id) { return this.getTracks().find(each => each.id === `${id}`) ?? null; }
  addTrack(track) { this.#tracks.add(idl.instance(() => MediaStreamTrack)(track)); }
  removeTrack(track) { this.#tracks.delete(idl.instance(() => MediaStreamTrack)(track)); }
  clone() { return new MediaStream(this.getTracks().map(each => each.clone())); }
}

let nextStream = null;

const on = name => (user, handle) => {
  const track = known(handle);
  if (track) {
    queueTask(track, () => track.dispatchEvent(new Event(name)), true);
  }
};
const callbacks = make('rtc_track_callbacks', { on_mute: on('mute'), on_unmute: on('unmute'), on_ended: on('ended') });

function trackOf(handle) {
  return objectOf(handle, 'rtc_media_stream_track_ref', () => {
    const track = new EventTarget();
    Object.setPrototypeOf(track, MediaStreamTrack.prototype);
    handles.set(track, handle);
    withOut(slot => crtc.rtc_media_stream_track_add_listener(handle, callbacks, null, slot));
    return track;
  });
}

// The streams that a track event names, one object for each id of a connection.
const streamsOfConnection = new WeakMap();
function streamsOf(connection, event, track) {
  const byId = streamsOfConnection.get(connection) ?? new Map();
  streamsOfConnection.set(connection, byId);
  return readList('const char *', event.stream_ids, event.stream_count).map(id => {
    if (!byId.has(id)) {
      [, nextStream] = withOut(slot => crtc.rtc_media_stream_new(null, id, slot));
      byId.set(id, new MediaStream());
      nextStream = null;
    }
    byId.get(id).addTrack(track);
    return byId.get(id);
  });
}

// A track of a test picture or a tone.
function testTrack(kind, { width = 320, height = 240, frameRate = 15 } = {}) {
  const [code, source] = withOut(slot => (kind === 'audio' ? crtc.rtc_test_audio_source_new(null, null, slot)
    : crtc.rtc_test_video_source_new(null, make('rtc_test_video_options', { width, height, frames_per_second: frameRate }), slot)));
  check(code);
  const [other, handle] = withOut(slot => crtc.rtc_media_stream_track_new(source, slot));
  check(other);
  return trackOf(handle);
}

idl.eventHandlers(MediaStreamTrack, 'mute', 'unmute', 'ended');
idl.eventHandlers(MediaStream, 'addtrack', 'removetrack');
idl.expose(MediaStreamTrack, MediaStream);

module.exports = { MediaStreamTrack, MediaStream, trackOf, streamsOf, testTrack };
