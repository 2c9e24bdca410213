// SPDX-License-Identifier: MIT
// The page: the controls, the chat and the numbers around one call at a time.
import { Call } from './call.js';
import { Numbers } from './numbers.js';
import { Signaling } from './signaling.js';

const parameters = new URLSearchParams(location.search);
const $ = id => document.getElementById(id);

const state = { channel: null, user: null, stream: null, call: null, timer: null };

// The STUN and TURN servers that the program was told to use.
const configuration = await (await fetch('configuration.json')).json();

function tell(text) {
  $('status').textContent = text;
}

function setInChannel(inChannel) {
  $('join').hidden = inChannel;
  $('during').hidden = !inChannel;
}

function setToggle(button, off, whenOn, whenOff) {
  button.setAttribute('aria-pressed', String(off));
  button.textContent = off ? whenOff : whenOn;
}

function showMutes() {
  const off = kind => (state.stream?.getTracks() ?? []).filter(track => track.kind === kind).every(track => !track.enabled);
  setToggle($('audio'), off('audio'), 'Mute microphone', 'Unmute microphone');
  setToggle($('video'), off('video'), 'Stop camera', 'Start camera');
}

function addLine(text, own) {
  const line = document.createElement('li');
  line.textContent = text;
  line.classList.toggle('own', own);
  $('chat').append(line);
  $('chat').scrollTop = $('chat').scrollHeight;
}

const rate = value => value === undefined ? '–' : value < 1e6 ? `${Math.round(value / 1000)} kbit/s` : `${(value / 1e6).toFixed(2)} Mbit/s`;

async function showNumbers(numbers) {
  const now = await numbers.read();
  $('n-sent').textContent = rate(now.sent);
  $('n-received').textContent = rate(now.received);
  $('n-rtt').textContent = now.rtt === undefined ? '–' : `${(now.rtt * 1000).toFixed(now.rtt < 0.01 ? 1 : 0)} ms`;
  $('n-loss').textContent = now.loss === undefined ? '–' : `${(now.loss * 100).toFixed(1)} %`;
  $('n-size-sent').textContent = now.sizeSent ?? '–';
  $('n-size').textContent = now.size ?? '–';
}

// A pure tone, as the check sends, is noise to the browser's voice processing.
const AUDIO = parameters.has('check') ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false } : true;
const VIDEO = { width: 640, height: 480 };

async function openMedia() {
  if (!navigator.mediaDevices) {
    return null; // not a secure context
  }
  for (const wish of [{ audio: AUDIO, video: VIDEO }, { audio: AUDIO }, { video: VIDEO }]) {
    try {
      return await navigator.mediaDevices.getUserMedia(wish);
    } catch (error) {
      console.info('no', Object.keys(wish).join(' and '), error.name);
    }
  }
  return null;
}

function closeMedia() {
  state.stream?.getTracks().forEach(track => track.stop());
  state.stream = null;
  $('local').srcObject = null;
}

function beginCall(peer) {
  const call = new Call({ peer, configuration, stream: state.stream, send: (type, extra) => signaling.send(type, { channelName: state.channel, userId: peer, ...extra }) });
  state.call = call;
  $('remote').srcObject = call.remoteStream;
  $('remote-name').textContent = peer;
  call.addEventListener('state', () => showState(call));
  call.addEventListener('chat', () => showChat(call));
  call.addEventListener('said', ({ data }) => addLine(data, false));
  const numbers = new Numbers(call.connection);
  state.timer = setInterval(() => showNumbers(numbers), 1000);
  document.dispatchEvent(new CustomEvent('call', { detail: call }));
  return call;
}

function showState(call) {
  const texts = { connecting: 'Connecting …', connected: `In a call with ${call.peer}`, disconnected: 'The connection is interrupted …', failed: 'The connection failed' };
  tell(texts[call.connection.connectionState] ?? '');
}

function showChat(call) {
  $('text').disabled = $('send').disabled = !call.canChat;
}

function endCall() {
  clearInterval(state.timer);
  state.call?.close();
  state.call = null;
  $('remote').srcObject = null;
  $('remote-name').textContent = 'Nobody there';
  $('text').disabled = $('send').disabled = true;
  document.querySelectorAll('#numbers dd').forEach(number => { number.textContent = '–'; });
}

function hangUp(text) {
  if (state.channel) {
    signaling.send('quit', { channelName: state.channel, userId: state.user });
  }
  state.channel = null;
  endCall();
  closeMedia();
  setInChannel(false);
  tell(text);
}

async function join(channel, user) {
  $('call').disabled = true;
  tell('Opening camera and microphone …');
  state.stream = await openMedia();
  $('local').srcObject = state.stream;
  $('call').disabled = false;
  Object.assign(state, { channel, user });
  setInChannel(true);
  showMutes();
  $('audio').disabled = !state.stream?.getAudioTracks().length;
  $('video').disabled = !state.stream?.getVideoTracks().length;
  signaling.send('join', { channelName: channel, userId: user });
}

async function joined({ userId, members }) {
  if (userId !== state.user) {
    return; // who comes new calls
  }
  const other = members.find(member => member !== state.user);
  if (other === undefined) {
    tell('Waiting for somebody to join this channel …');
  } else {
    await beginCall(other).offer();
  }
}

function memberQuit({ userId }) {
  if (state.call?.peer === userId) {
    endCall();
    tell(`${userId} has left. Waiting for somebody to join this channel …`);
  }
}

async function received(type, body) {
  if (body.channelName !== state.channel && type !== 'error') {
    return;
  }
  const fromPeer = state.call?.peer === body.userId;
  switch (type) {
    case 'joined': return joined(body);
    case 'quit': return memberQuit(body);
    case 'offer_sdp_received':
      if (state.call && !fromPeer) {
        return undefined; // busy
      }
      return (state.call ?? beginCall(body.userId)).takeOffer(body.sdp);
    case 'answer_sdp_received': return fromPeer ? state.call.takeAnswer(body.sdp) : undefined;
    case 'ice_candidate_received': return fromPeer ? state.call.takeCandidate(body.candidate) : undefined;
    case 'error':
      return hangUp(`The server refused: ${body.message}`);
  }
  return undefined;
}

const signaling = new Signaling({
  onOpen() {
    $('call').disabled = false;
    tell(navigator.mediaDevices ? 'Ready' : 'Ready, but without camera: the page must be opened over HTTPS or on localhost');
    document.dispatchEvent(new Event('ready'));
  },
  onMessage: received,
  onClose() {
    state.channel = null;
    hangUp('The server is not reachable. Trying again …');
    $('call').disabled = true;
  },
});

$('user').value = parameters.get('user') ?? `guest-${Math.random().toString(36).slice(2, 6)}`;
$('channel').value = parameters.get('channel') ?? $('channel').value;
$('join').addEventListener('submit', event => {
  event.preventDefault();
  join($('channel').value, $('user').value);
});
$('hang-up').addEventListener('click', () => hangUp('You hung up'));
for (const kind of ['audio', 'video']) {
  $(kind).addEventListener('click', () => {
    state.stream.getTracks().filter(track => track.kind === kind).forEach(track => { track.enabled = !track.enabled; });
    showMutes();
  });
}
$('say').addEventListener('submit', event => {
  event.preventDefault();
  const text = $('text').value;
  if (text && state.call?.canChat) {
    state.call.say(text);
    addLine(text, true);
    $('text').value = '';
  }
});
addEventListener('pagehide', () => hangUp(''));

if (parameters.has('check')) {
  const { check } = await import('./check.js');
  check({ state, signaling, join });
}
