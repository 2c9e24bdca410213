// SPDX-License-Identifier: MIT
// Opens camera and microphone, as far as there are any, and says in words what is missing and why.

// A pure tone, as the check sends, is noise to the browser's voice processing.
const checks = new URLSearchParams(location.search).has('check');
const AUDIO = checks ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false } : true;
const VIDEO = { width: 640, height: 480 };

const INSECURE = 'No camera and microphone: browsers give them to pages over HTTPS or on localhost only.';

const REASONS = {
  NotAllowedError: 'the browser does not allow it to this page',
  NotFoundError: 'none was found',
  NotReadableError: 'it can not be opened; another program may use it',
  AbortError: 'it can not be opened',
};

function whatIsMissing(stream, errors) {
  const missing = [];
  for (const [kind, name, lost] of [['video', 'camera', 'sees no picture of you'], ['audio', 'microphone', 'does not hear you']]) {
    if (!stream?.getTracks().some(track => track.kind === kind)) {
      const error = errors[kind];
      missing.push(`No ${name}: ${REASONS[error?.name] ?? error?.message ?? 'none was found'}. The other side ${lost}.`);
    }
  }
  return missing.join(' ');
}

// { stream, missing }: the stream is null when there is nothing to send; `missing` is a text, empty when nothing is missing.
export async function openMedia() {
  if (!navigator.mediaDevices) {
    return { stream: null, missing: INSECURE };
  }
  const errors = {};
  for (const wish of [{ audio: AUDIO, video: VIDEO }, { audio: AUDIO }, { video: VIDEO }]) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wish);
      return { stream, missing: whatIsMissing(stream, errors) };
    } catch (error) {
      // What fails alone fails for a reason of its own.
      Object.keys(wish).forEach(kind => { errors[kind] = Object.keys(wish).length === 1 ? error : errors[kind] ?? error; });
    }
  }
  return { stream: null, missing: whatIsMissing(null, errors) };
}

export const insecure = () => navigator.mediaDevices ? '' : INSECURE;
