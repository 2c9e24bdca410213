// SPDX-License-Identifier: MIT
// MediaStreamTrack and MediaStream (mediacapture-streams 4) over rtc_media_stream_track and rtc_media_stream, and tracks of test sources for getUserMedia.
'use strict';
const idl = require('./webidl');
const { crtc, constants, koffi, make, array, withOut, readList } = require('./library');
const { handles, objects, check, known, objectOf, queueTask, nameOf } = require('./session');
const events = require('./events');

class MediaStreamTrack extends EventTarget {
  get kind() { return nameOf('RTC_MEDIA_', crtc.rtc_media_stream_track_kind(handles.get(this))); }
  get id() { return crtc.rtc_media_stream_track_id(handles.get(this)); }
  get label() { return crtc.rtc_media_stream_track_label(handles.get(this)); }
  get enabled() { return crtc.rtc_media_stream_track_enabled(handles.get(this)); }
  set enabled(value) { crtc.rtc_media_stream_track_set_enabled(handles.get(this), Boolean(value)); }
  get muted() { return crtc.rtc_media_stream_track_muted(handles.get(this)); }
  get readyState() { return nameOf('RTC_TRACK_', crtc.rtc_media_stream_track_ready_state(handles.get(this))); }
  get contentHint() {
    const value = crtc.rtc_media_stream_track_content_hint(handles.get(this));
    return value === constants.RTC_CONTENT_HINT_NONE ? '' : nameOf('RTC_CONTENT_HINT_', value);
  }
  // One that is of no kind, or of the other, changes nothing (mst-content-hint 3).
  set contentHint(value) {
    const hint = hintOf(`${value}`);
    if (hint !== undefined) {
      crtc.rtc_media_stream_track_set_content_hint(handles.get(this), hint);
    }
  }
  stop() { crtc.rtc_media_stream_track_stop(handles.get(this)); }
  clone() {
    const [code, handle] = withOut(slot => crtc.rtc_media_stream_track_clone(handles.get(this), slot));
    check(code);
    return trackOf(handle);
  }
}

function hintOf(value) {
  return value === '' ? constants.RTC_CONTENT_HINT_NONE : constants[`RTC_CONTENT_HINT_${value.toUpperCase().replaceAll('-', '_')}`];
}

const readTrack = idl.instance(() => MediaStreamTrack);

class MediaStream extends EventTarget {
  constructor(given = undefined) {
    super();
    const [code, handle] = withOut(slot => (given === undefined ? crtc.rtc_media_stream_new(null, null, slot)
      : given instanceof MediaStream ? crtc.rtc_media_stream_new_from_stream(handles.get(given), slot) : fromTracks(idl.sequence(readTrack)(given), slot)));
    check(code);
    adopt(this, handle);
  }

  get id() { return crtc.rtc_media_stream_id(handles.get(this)); }
  get active() { return crtc.rtc_media_stream_active(handles.get(this)); }
  getTracks() { return tracksOf(this, 0); }
  getAudioTracks() { return tracksOf(this, constants.RTC_MEDIA_AUDIO); }
  getVideoTracks() { return tracksOf(this, constants.RTC_MEDIA_VIDEO); }
  getTrackById(id) { return trackOf(crtc.rtc_media_stream_get_track_by_id(handles.get(this), `${id}`)); }
  addTrack(track) { check(crtc.rtc_media_stream_add_track(handles.get(this), handles.get(readTrack(track)))); }
  removeTrack(track) { crtc.rtc_media_stream_remove_track(handles.get(this), handles.get(readTrack(track))); }
  clone() {
    const [code, handle] = withOut(slot => crtc.rtc_media_stream_clone(handles.get(this), slot));
    check(code);
    return streamOf(handle);
  }
}

function fromTracks(tracks, slot) {
  return crtc.rtc_media_stream_new_from_tracks(null, array('void *', tracks.map(each => handles.get(each))), tracks.length, slot);
}

function tracksOf(stream, kind) {
  const count = Number(crtc.rtc_media_stream_get_tracks(handles.get(stream), kind, null, 0));
  if (count === 0) {
    return [];
  }
  const room = koffi.alloc('void *', count);
  crtc.rtc_media_stream_get_tracks(handles.get(stream), kind, room, count);
  return readList('void *', room, count).map(trackOf);
}

const onStream = name => (user, handle, track) => {
  const stream = known(handle);
  const object = trackOf(track);
  if (stream) {
    queueTask(null, () => stream.dispatchEvent(new events.MediaStreamTrackEvent(name, { track: object })), true);
  }
};
const streamCallbacks = make('rtc_media_stream_callbacks', { on_add_track: onStream('addtrack'), on_remove_track: onStream('removetrack') });

function adopt(stream, handle) {
  crtc.rtc_media_stream_ref(handle);
  handles.set(stream, handle);
  objects.set(handle, stream);
  withOut(slot => crtc.rtc_media_stream_add_listener(handle, streamCallbacks, null, slot));
}

function streamOf(handle) {
  if (handle && !known(handle)) {
    const stream = new EventTarget();
    Object.setPrototypeOf(stream, MediaStream.prototype);
    adopt(stream, handle);
  }
  return known(handle) ?? null;
}

const on = name => (user, handle) => {
  const track = known(handle);
  if (track) {
    queueTask(null, () => track.dispatchEvent(new Event(name)), true);
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

// A track of a test picture or a tone. The camera has no larger pictures than 1280x720, whatever is wished for, and no more than 30 a second.
function testTrack(kind, { width = 320, height = 240, frameRate = 15 } = {}) {
  const options = { width: Math.min(width, 1280), height: Math.min(height, 720), frames_per_second: Math.min(frameRate, 30) };
  const [code, source] = withOut(slot => (kind === 'audio' ? crtc.rtc_test_audio_source_new(null, null, slot)
    : crtc.rtc_test_video_source_new(null, make('rtc_test_video_options', options), slot)));
  check(code);
  return trackOfSource(source);
}

function trackOfSource(source) {
  const [code, handle] = withOut(slot => crtc.rtc_media_stream_track_new(source, slot));
  check(code);
  return trackOf(handle);
}

idl.eventHandlers(MediaStreamTrack, 'mute', 'unmute', 'ended');
idl.eventHandlers(MediaStream, 'addtrack', 'removetrack');
idl.expose(MediaStreamTrack, MediaStream);

module.exports = { MediaStreamTrack, MediaStream, trackOf, streamOf, testTrack, trackOfSource };
