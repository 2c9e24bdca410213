// SPDX-License-Identifier: MIT
// RTCStatsReport (webrtc-pc 8.4): a read-only map of the dictionaries of rtc_stats_report.
'use strict';
const idl = require('./webidl');
const { crtc, constants, withOut } = require('./library');
const { handles, check, need, touch } = require('./session');

const maps = new WeakMap();

class RTCStatsReport {
  get size() { return maps.get(this).size; }
  get(id) { return maps.get(this).get(id); }
  has(id) { return maps.get(this).has(id); }
  entries() { return maps.get(this).entries(); }
  keys() { return maps.get(this).keys(); }
  values() { return maps.get(this).values(); }
  forEach(call, of = undefined) { maps.get(this).forEach((value, key) => call.call(of, value, key, this)); }
  [Symbol.iterator]() { return maps.get(this).entries(); }
}
idl.expose(RTCStatsReport);

function member(stats, name, type) {
  if (type === constants.RTC_STATS_STRING) {
    return crtc.rtc_stats_string(stats, name);
  }
  if (type === constants.RTC_STATS_RECORD) {
    return record(stats, name);
  }
  const number = type === constants.RTC_STATS_NUMBER;
  return withOut(slot => crtc[number ? 'rtc_stats_number' : 'rtc_stats_boolean'](stats, name, slot), number ? 'double' : 'bool')[1];
}

function record(stats, name) {
  const keys = Array.from({ length: Number(crtc.rtc_stats_record_count(stats, name)) }, (_, i) => crtc.rtc_stats_record_key(stats, name, i));
  return Object.fromEntries(keys.map(key => [key, withOut(slot => crtc.rtc_stats_record_number(stats, name, key, slot), 'double')[1]]));
}

function dictionary(stats) {
  const result = { id: crtc.rtc_stats_id(stats), timestamp: crtc.rtc_stats_timestamp_ms(stats), type: crtc.rtc_stats_type(stats) };
  for (let i = 0; i < Number(crtc.rtc_stats_member_count(stats)); i++) {
    const name = crtc.rtc_stats_member_name(stats, i);
    result[name] = member(stats, name, crtc.rtc_stats_member_type(stats, i));
  }
  return result;
}

function reportFrom(handle) {
  const report = new RTCStatsReport();
  const map = new Map();
  for (let i = 0; i < Number(crtc.rtc_stats_report_count(handle)); i++) {
    const entry = dictionary(crtc.rtc_stats_report_at(handle, i));
    map.set(entry.id, entry);
  }
  maps.set(report, map);
  crtc.rtc_stats_report_unref(handle);
  return report;
}

// Of a connection, with a track as selector or null; or of a sender or receiver, by the name of their function.
function reportOf(object, selector, name = selector ? 'rtc_peer_connection_get_track_stats' : 'rtc_peer_connection_get_stats') {
  try {
    const [code, report] = withOut(slot => need(name)(handles.get(object), ...(selector ? [handles.get(selector)] : []), slot));
    check(code);
    return new Promise(resolve => setImmediate(() => resolve(reportFrom(report))));
  } catch (error) {
    return Promise.reject(error);
  }
}

module.exports = { reportOf };
