// SPDX-License-Identifier: MIT
// A participant of the room: sends three layers of the camera, shows everybody else. ?canvas: a drawing and a tone in place of camera and microphone. ?listen: sends nothing.
'use strict';
const options = new URLSearchParams(location.search);
const connection = new RTCPeerConnection();
const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`);
const people = document.querySelector('#people');
const state = { shown: {}, log: [], connection };
window.room = state;

const send = message => socket.send(JSON.stringify(message));
const say = text => { document.querySelector('#status').textContent = text; };

function drawing() {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1280, 720];
  const context = canvas.getContext('2d');
  let count = 0;
  setInterval(() => {
    context.fillStyle = '#3060a0';
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = '#f0c020';
    context.fillRect((count * 8) % 1280, 260, 200, 200);
    context.fillStyle = '#fff';
    context.font = '120px sans-serif';
    context.fillText(String(count++), 60, 160);
  }, 33);
  const audio = new AudioContext(), tone = audio.createOscillator(), out = audio.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  return new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()]);
}

async function ownMedia() {
  const stream = options.has('canvas') ? drawing() : await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } });
  for (const track of stream.getTracks()) {
    const sendEncodings = track.kind === 'video'
      ? [{ rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150000 }, { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500000 }, { rid: 'f', maxBitrate: 1500000 }] : undefined;
    const transceiver = connection.addTransceiver(track, { direction: 'sendonly', streams: [stream], sendEncodings });
    if (track.kind === 'video') { // what all browsers have, so that nobody gets what it can not decode
      transceiver.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter(({ mimeType }) => /VP8|rtx/.test(mimeType)));
    }
  }
}

async function begin() {
  if (!options.has('listen')) {
    await ownMedia();
  } else {
    connection.createDataChannel('room'); // something to connect for
  }
  await connection.setLocalDescription();
  send({ offer: connection.localDescription.sdp });
}

// The first offer is the page's, all others are the server's.
async function receive({ offer, answer, candidate, layer, error }) {
  if (offer !== undefined) {
    await connection.setRemoteDescription({ type: 'offer', sdp: offer });
    await connection.setLocalDescription();
    send({ answer: connection.localDescription.sdp });
  } else if (answer !== undefined) {
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
  } else if (candidate !== undefined) {
    await connection.addIceCandidate(candidate ?? undefined);
  } else if (layer !== undefined) {
    state.shown[layer.mid] = layer.rid;
  } else if (error !== undefined) {
    say(error);
  }
}

connection.onicecandidate = ({ candidate }) => send({ candidate: candidate && candidate.toJSON() });
connection.onconnectionstatechange = () => say(connection.connectionState);
connection.ontrack = ({ track, streams: [stream], transceiver }) => {
  let video = [...people.children].find(({ srcObject }) => srcObject === stream);
  if (video === undefined) {
    video = people.appendChild(document.createElement('video'));
    Object.assign(video, { srcObject: stream, autoplay: true, playsInline: true, controls: true });
    stream.onremovetrack = () => stream.getTracks().length === 0 && video.remove();
  }
  if (track.kind === 'video') {
    video.dataset.mid = transceiver.mid;
  }
};

state.choose = rid => [...people.children].forEach(({ dataset: { mid } }) => mid !== undefined && send({ choose: { mid, rid } }));
document.querySelector('#most').onchange = ({ target }) => state.choose(target.value || null);

let last = Promise.resolve();
socket.onopen = () => begin().catch(error => say(String(error)));
socket.onmessage = ({ data }) => {
  last = last.then(() => receive(JSON.parse(data))).catch(error => { state.log.push(String(error)); say(String(error)); });
};
socket.onclose = () => say('The server is gone.');
