// SPDX-License-Identifier: MIT
// The page checks itself (call --check): it calls, looks at the pixels, listens to the tone, chats, hangs up and calls again, and reports what it found to the
// program over the WebSocket. Loaded only with ?check in the address.

const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

async function until(what, test, seconds = 20) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await test();
    if (value) {
      return value;
    }
    if (performance.now() > end) {
      throw new Error(`waited ${seconds} s in vain: ${what}`);
    }
    await pause(100);
  }
}

function pixelsOf(video) {
  const canvas = new OffscreenCanvas(64, 48);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, 64, 48);
  return context.getImageData(0, 0, 64, 48).data;
}

function difference(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += Math.abs(a[i] - b[i]);
  }
  return sum / a.length;
}

// How far the pixels are from their own mean: 0 for one flat colour.
function spread(pixels) {
  let mean = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    mean += (pixels[i] + pixels[i + 1] + pixels[i + 2]) / 3;
  }
  mean /= pixels.length / 4;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    sum += Math.abs((pixels[i] + pixels[i + 1] + pixels[i + 2]) / 3 - mean);
  }
  return sum / (pixels.length / 4);
}

async function checkPicture(video) {
  await until('a remote picture', () => video.videoWidth > 2 && video.currentTime > 0);
  const first = pixelsOf(video);
  const moved = await until('a moving remote picture', () => {
    const value = difference(first, pixelsOf(video));
    return value > 0.5 && value;
  });
  const colours = spread(pixelsOf(video));
  if (colours < 8) {
    throw new Error(`the remote picture is one flat colour (spread ${colours.toFixed(1)})`);
  }
  return { width: video.videoWidth, height: video.videoHeight, moved: Number(moved.toFixed(2)), spread: Number(colours.toFixed(1)) };
}

// The frequency of a tone from its upward zero crossings.
export function frequencyOf(samples, rate) {
  let first = -1, last = -1, crossings = 0;
  for (let i = 1; i < samples.length; i++) {
    if (samples[i - 1] < 0 && samples[i] >= 0) {
      const at = i - samples[i] / (samples[i] - samples[i - 1]);
      first = first < 0 ? at : first;
      last = at;
      crossings++;
    }
  }
  return crossings > 1 ? (crossings - 1) * rate / (last - first) : 0;
}

// What the native program sounds.
const TONE_HZ = 440;
const isRight = hz => Math.abs(hz - TONE_HZ) < 15;

async function listenLive(context, stream) {
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let hz = 0;
  await until(`a tone of ${TONE_HZ} Hz`, () => {
    analyser.getFloatTimeDomainData(samples);
    hz = Math.max(...samples) > 0.05 ? frequencyOf(samples, context.sampleRate) : 0;
    return isRight(hz);
  });
  return hz;
}

// Where an AudioContext does not run (no sound device): record, then decode without playing.
async function listenRecorded(stream) {
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  const stopped = new Promise(resolve => { recorder.onstop = resolve; });
  recorder.start();
  await pause(2500);
  recorder.stop();
  await stopped;
  const context = new OfflineAudioContext(1, 48000, 48000);
  const audio = await context.decodeAudioData(await new Blob(pieces).arrayBuffer());
  const samples = audio.getChannelData(0);
  return frequencyOf(samples.subarray(samples.length / 2), audio.sampleRate);
}

async function checkTone(remoteStream) {
  const stream = new MediaStream(remoteStream.getAudioTracks());
  const context = new AudioContext();
  const deadline = performance.now() + 1500;
  while (context.state !== 'running' && performance.now() < deadline) {
    await pause(100);
  }
  const hz = context.state === 'running' ? await listenLive(context, stream) : await listenRecorded(stream);
  context.close();
  if (!isRight(hz)) {
    throw new Error(`the remote tone has ${hz.toFixed(0)} Hz in place of ${TONE_HZ}`);
  }
  return { hz: Math.round(hz) };
}

async function checkChat(call) {
  await until('the chat channel', () => call.canChat);
  const heard = [];
  call.addEventListener('said', ({ data }) => heard.push(data));
  const text = `안녕하세요 – hello, ${Math.random()}`;
  document.getElementById('text').value = text;
  document.getElementById('say').requestSubmit();
  await until('the echo of the chat', () => heard.some(line => line.includes(text)));
  return { sent: text, heard };
}

// Fits a picture into a box of 480 by 360 pixels.
function drawLabelled(context, video, x, label) {
  const scale = Math.min(480 / video.videoWidth, 360 / video.videoHeight);
  const width = video.videoWidth * scale;
  const height = video.videoHeight * scale;
  context.drawImage(video, x + (480 - width) / 2, 40 + (360 - height) / 2, width, height);
  context.fillText(label, x + 8, 26);
}

// Both pictures side by side as a PNG.
function bothPictures(summary) {
  const canvas = document.createElement('canvas');
  canvas.width = 980;
  canvas.height = 440;
  const context = canvas.getContext('2d');
  context.fillStyle = '#14171c';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#e8eaee';
  context.font = '18px sans-serif';
  drawLabelled(context, document.getElementById('local'), 8, 'local: this browser\'s camera');
  drawLabelled(context, document.getElementById('remote'), 492, 'remote: the native program');
  context.fillText(summary, 16, 426);
  return canvas.toDataURL('image/png');
}

async function numbersShown() {
  await until('live numbers', () => !['–', '0 kbit/s'].includes(document.getElementById('n-received').textContent));
  return Object.fromEntries([...document.querySelectorAll('#numbers dd')].map(element => [element.id.slice(2), element.textContent]));
}

async function callOnce(page, report) {
  const begun = new Promise(resolve => document.addEventListener('call', ({ detail }) => resolve(detail), { once: true }));
  document.getElementById('join').requestSubmit();
  const call = await begun;
  await until('connectionState connected', () => call.connection.connectionState === 'connected');
  report.picture = await checkPicture(document.getElementById('remote'));
  report.tone = await checkTone(call.remoteStream);
  report.chat = await checkChat(call);
  report.numbers = await numbersShown();
}

async function run(page, result) {
  await callOnce(page, result.first = {});
  await pause(2000); // the native side measures the tone and the colours meanwhile
  result.pictures = bothPictures(`${result.first.picture.width}×${result.first.picture.height}, tone ${result.first.tone.hz} Hz, chat answered, ` +
    `receiving ${result.first.numbers.received}, round trip ${result.first.numbers.rtt}`);
  document.getElementById('hang-up').click();
  await pause(500);
  await callOnce(page, result.again = {});
  await pause(2000);
}

export async function check(page) {
  const result = { ok: false, browser: navigator.userAgent };
  await until('the server', () => !document.getElementById('call').disabled);
  try {
    await run(page, result);
    result.ok = true;
  } catch (error) {
    result.error = String(error);
  }
  const { pictures, ...report } = result;
  page.signaling.send('check_report', { channelName: page.room.channel ?? 'call', userId: page.room.user ?? 'check', report, pictures });
}
