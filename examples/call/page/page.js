// SPDX-License-Identifier: MIT
// The page: the controls, the chat and the numbers around one call at a time.
import { insecure, openMedia } from './media.js';
import { Numbers } from './numbers.js';
import { Room } from './room.js';
import { Signaling } from './signaling.js';

const parameters = new URLSearchParams(location.search);
const $ = id => document.getElementById(id);
const NAME_BYTES_MAX = 64;

const state = { stream: null, timer: null, farewell: '', wasOpen: false };

// The STUN and TURN servers that the program was told to use.
async function readConfiguration() {
  const response = await fetch('configuration.json');
  if (!response.ok) {
    throw new Error(`configuration.json: ${response.status}`);
  }
  return response.json();
}

function tell(text) {
  if ($('status').textContent !== text) {
    $('status').textContent = text;
  }
}

// What is wrong, by kind; an empty text takes it away.
const notices = { media: '', server: '', connection: '' };

function notice(kind, text) {
  if (notices[kind] !== text) {
    notices[kind] = text;
    $('notices').replaceChildren(...Object.values(notices).filter(Boolean).map(line => Object.assign(document.createElement('li'), { textContent: line })));
  }
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
  for (const [kind, name, whenOn, whenOff] of [['audio', 'microphone', 'Mute microphone', 'Unmute microphone'], ['video', 'camera', 'Stop camera', 'Start camera']]) {
    const there = state.stream?.getTracks().some(track => track.kind === kind) ?? false;
    $(kind).disabled = !there;
    setToggle($(kind), there && off(kind), there ? whenOn : `No ${name}`, whenOff);
  }
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

function closeMedia() {
  state.stream?.getTracks().forEach(track => track.stop());
  state.stream = null;
  $('local').srcObject = null;
}

// ---- The room ----

const room = new Room({ configuration: {}, send: (type, body) => signaling.send(type, body) });

function showRoom() {
  const inChannel = room.channel !== null;
  if (state.isOpening) {
    return;
  }
  const { isOpen } = signaling;
  tell(inChannel && (isOpen || room.call) ? room.status() : isOpen ? state.farewell || 'Ready' : state.wasOpen ? 'The server is not reachable. Trying again …' : 'Connecting to the server …');
  notice('server', inChannel && room.call && !isOpen ? 'The server is not reachable: the call goes on without it. Trying again …' : '');
  notice('connection', room.trouble());
  setInChannel(inChannel);
  $('call').disabled = !isOpen;
  $('text').disabled = $('send').disabled = !room.call?.canChat;
  if (!room.call) {
    showNobody();
  }
}

function showNobody() {
  clearInterval(state.timer);
  $('remote').srcObject = null;
  $('remote-name').textContent = 'Nobody there';
  document.querySelectorAll('#numbers dd').forEach(number => { number.textContent = '–'; });
}

function showCall(call) {
  $('remote').srcObject = call.remoteStream;
  $('remote-name').textContent = call.peer;
  call.addEventListener('said', ({ data }) => addLine(data, false));
  const numbers = new Numbers(call.connection);
  clearInterval(state.timer);
  state.timer = setInterval(() => showNumbers(numbers), 1000);
  document.dispatchEvent(new CustomEvent('call', { detail: call }));
}

function hangUp(text) {
  room.leave();
  closeMedia();
  notice('media', insecure());
  state.farewell = text;
  showRoom();
}

async function join(channel, user) {
  for (const [what, text] of [['name', user], ['channel\'s name', channel]]) {
    if (new TextEncoder().encode(text).length > NAME_BYTES_MAX) {
      state.farewell = `The ${what} is too long: ${NAME_BYTES_MAX} bytes at most`;
      showRoom();
      return;
    }
  }
  $('call').disabled = true;
  state.isOpening = true;
  tell('Opening camera and microphone …');
  const { stream, missing } = await openMedia();
  state.isOpening = false;
  state.stream = stream;
  notice('media', missing);
  $('local').srcObject = stream;
  showMutes();
  room.join(channel, user, stream);
}

room.addEventListener('change', showRoom);
room.addEventListener('call', ({ detail }) => showCall(detail));
room.addEventListener('left', ({ detail }) => hangUp(detail));

const signaling = new Signaling({
  async onOpen() {
    state.wasOpen = true;
    room.configuration = await readConfiguration().catch(error => {
      console.error(error);
      return room.configuration;
    });
    room.serverOpened();
    showRoom();
  },
  onMessage: (type, body) => room.received(type, body),
  onClose() {
    room.serverClosed();
    showRoom();
  },
});

notice('media', insecure());

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
  if (text && room.call?.canChat) {
    room.call.say(text);
    addLine(text, true);
    $('text').value = '';
  }
});
addEventListener('pagehide', () => hangUp(''));

if (parameters.has('check')) {
  const { check } = await import('./check.js');
  check({ room, signaling });
}
