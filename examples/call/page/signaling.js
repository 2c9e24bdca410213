// SPDX-License-Identifier: MIT
// The WebSocket to the server: JSON messages {type, body} in and out, handled one after another.
export class Signaling {
  constructor({ onOpen, onMessage, onClose }) {
    this.handlers = { onOpen, onMessage, onClose };
    this.last = Promise.resolve();
    this.open();
  }

  open() {
    this.socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`);
    this.socket.onopen = () => this.handlers.onOpen();
    this.socket.onclose = () => {
      this.handlers.onClose();
      setTimeout(() => this.open(), 2000);
    };
    this.socket.onmessage = event => {
      const { type, body } = JSON.parse(event.data);
      this.last = this.last.then(() => this.handlers.onMessage(type, body)).catch(error => console.error(type, error));
    };
  }

  send(type, body) {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type, body }));
    }
  }
}
