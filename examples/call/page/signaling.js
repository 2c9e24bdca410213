// SPDX-License-Identifier: MIT
// The WebSocket to the server: JSON messages {type, body} in and out, handled one after another. When it is lost it is opened again.
export class Signaling {
  constructor({ onOpen, onMessage, onClose }) {
    this.handlers = { onOpen, onMessage, onClose };
    this.last = Promise.resolve();
    this.open();
  }

  open() {
    this.socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`);
    this.socket.onopen = () => this.handle('open', () => this.handlers.onOpen());
    this.socket.onclose = () => {
      this.handle('close', () => this.handlers.onClose());
      setTimeout(() => this.open(), 2000);
    };
    this.socket.onmessage = event => {
      const { type, body } = JSON.parse(event.data);
      this.handle(type, () => this.handlers.onMessage(type, body));
    };
  }

  handle(what, action) {
    this.last = this.last.then(action).catch(error => console.error(what, error));
  }

  get isOpen() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(type, body) {
    if (this.isOpen) {
      this.socket.send(JSON.stringify({ type, body }));
    }
  }
}
