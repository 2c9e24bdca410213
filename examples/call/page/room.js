// SPDX-License-Identifier: MIT
// The channel and its calls, one at a time: whom to call, whom to answer, and what remains when the server, the other side or the way to it is gone.
import { Call } from './call.js';

const REFUSED_BUSY = 'in a call already';
// A member whose connection to the server broke keeps its place there for a while: so often its name is asked for again, every two seconds.
const JOIN_TRIES = 20;
const TROUBLE_MS = 10000;

export class Room extends EventTarget {
  // `send(type, body)` gives a message to the server. Events: change (status, call or trouble did), call (a new one), left (out of the channel).
  constructor({ send, configuration }) {
    super();
    Object.assign(this, { send, configuration, channel: null, user: null, stream: null, call: null });
    this.reset();
  }

  reset() {
    Object.assign(this, { isJoined: false, wasJoined: false, members: [], refusals: new Map(), news: '', tries: 0 });
  }

  changed() {
    this.dispatchEvent(new Event('change'));
  }

  // ---- In and out ----

  join(channel, user, stream) {
    this.reset();
    Object.assign(this, { channel, user, stream });
    this.askToJoin();
  }

  askToJoin() {
    if (this.channel !== null && !this.isJoined) {
      this.tries++;
      this.send('join', { channelName: this.channel, userId: this.user });
      this.changed();
    }
  }

  leave() {
    if (this.isJoined) {
      this.send('quit', { channelName: this.channel, userId: this.user });
    }
    this.channel = null;
    this.endCall();
    this.reset();
  }

  // The server is there (again).
  serverOpened() {
    this.tries = 0;
    this.askToJoin();
  }

  // The server is gone: a call that runs does not need it.
  serverClosed() {
    this.isJoined = false;
    this.members = [];
    if (this.call && !this.call.runs) {
      this.endCall();
    }
    this.changed();
  }

  // ---- Messages from the server ----

  async received(type, body) {
    if (this.channel === null || (type !== 'error' && body.channelName !== this.channel)) {
      return;
    }
    const call = this.call?.peer === body.userId ? this.call : null;
    switch (type) {
      case 'joined': await this.joined(body); break;
      case 'quit': await this.memberQuit(body); break;
      case 'offer_sdp_received': await this.offered(body); break;
      case 'answer_sdp_received': await call?.takeAnswer(body.sdp); break;
      case 'ice_candidate_received': await call?.takeCandidate(body.candidate); break;
      case 'refusal_received': await this.refused(body); break;
      case 'notice_received': call?.takeNotice(body.reason); break;
      case 'error': this.failed(body); break;
    }
    this.changed();
  }

  async joined({ userId, members }) {
    this.members = members;
    this.refusals.delete(userId);
    if (userId === this.user) {
      Object.assign(this, { isJoined: true, wasJoined: true });
      if (this.call && this.call.state !== 'connected') {
        this.endCall(); // what was interrupted meanwhile begins anew
      }
      await this.callSomebody();
    } // else who comes new calls
  }

  // Calls the first of those who were here before: the newer of two makes the offer.
  async callSomebody() {
    const before = this.members.slice(0, this.members.indexOf(this.user));
    const peer = before.find(member => !this.refusals.has(member));
    if (this.call || peer === undefined) {
      return;
    }
    try {
      await this.beginCall(peer).offer();
    } catch (error) {
      this.refusals.set(peer, null);
      this.couldNotCall(error);
    }
  }

  async memberQuit({ userId, vanished }) {
    this.members = this.members.filter(member => member !== userId);
    this.refusals.clear(); // who was busy may be free now
    if (this.call?.peer === userId) {
      if (vanished && this.call.state === 'connected') {
        return; // only its connection to the server is gone
      }
      this.peerLeft();
    }
    await this.callSomebody();
  }

  async offered({ userId, sdp }) {
    const same = this.call?.peer === userId;
    if (this.call && !same) {
      this.sendTo(userId, 'send_refusal', { reason: REFUSED_BUSY });
      return;
    }
    if (same && this.call.connection.remoteDescription !== null && !this.call.isSession(sdp)) {
      this.endCall(); // it began anew
    }
    try {
      await (this.call ?? this.beginCall(userId)).takeOffer(sdp);
    } catch (error) {
      this.sendTo(userId, 'send_refusal', { reason: `its browser says: ${error.message}`.slice(0, 500) });
      this.couldNotCall(error);
    }
  }

  // Settings that this browser does not take, for example.
  couldNotCall(error) {
    console.error(error);
    this.endCall();
    this.news = `The call could not be made: ${error.message}. `;
  }

  async refused({ userId, reason }) {
    if (this.call?.peer === userId && !this.call.runs) {
      this.refusals.set(userId, reason);
      this.endCall();
      await this.callSomebody();
    }
  }

  failed({ message, refused }) {
    if (refused !== 'join' || this.isJoined) {
      console.info(`the server refused ${refused}: ${message}`); // its addressee left meanwhile
    } else if (this.wasJoined && message.includes('taken') && this.tries < JOIN_TRIES) {
      setTimeout(() => this.askToJoin(), 2000);
    } else if (!this.call?.runs) {
      const why = message.includes('taken') ? `somebody called “${this.user}” is in this channel already. Choose another name.` : `${message}.`;
      this.leave();
      this.dispatchEvent(new CustomEvent('left', { detail: `You could not join: ${why}` }));
    }
  }

  // ---- The call ----

  sendTo(userId, type, extra) {
    this.send(type, { channelName: this.channel, userId, ...extra });
  }

  beginCall(peer) {
    const call = new Call({ peer, configuration: this.configuration, stream: this.stream, send: (type, extra) => this.sendTo(peer, type, extra) });
    Object.assign(this, { call, news: '' });
    call.isLate = false;
    call.timer = setTimeout(() => {
      call.isLate = true;
      this.changed();
    }, TROUBLE_MS);
    call.addEventListener('state', () => this.callChanged(call));
    call.addEventListener('trouble', () => this.changed());
    call.addEventListener('chat', () => this.chatChanged(call));
    this.dispatchEvent(new CustomEvent('call', { detail: call }));
    return call;
  }

  callChanged(call) {
    if (call !== this.call) {
      return;
    }
    if (call.state === 'connected') {
      clearTimeout(call.timer);
      call.isLate = false;
      call.serverErrors.clear();
      call.notice = '';
    } else if (!this.members.includes(call.peer) && this.isJoined && call.state !== 'connecting') {
      this.peerLeft(); // neither the server nor the connection reaches it
      this.callSomebody().catch(error => console.error(error));
    } else if (call.state === 'failed') {
      call.isLate = true;
      if (call.offers && this.isJoined) {
        call.restart().catch(error => console.error('restart', error));
      }
    }
    this.changed();
  }

  // While the server is gone a closed channel alone says that the other side hung up.
  chatChanged(call) {
    if (call === this.call && call.hasEnded && !(this.isJoined && this.members.includes(call.peer))) {
      this.peerLeft();
    }
    this.changed();
  }

  peerLeft() {
    const { peer } = this.call;
    this.endCall();
    this.news = `${peer} has left. `;
    if (!this.isJoined) {
      this.serverOpened(); // now the place in the channel is needed
    }
  }

  endCall() {
    clearTimeout(this.call?.timer);
    this.call?.close();
    this.call = null;
    this.changed();
  }

  // ---- In words ----

  status() {
    if (this.call) {
      const { peer, state, offers, connection } = this.call;
      return { new: connection.remoteDescription === null ? `Calling ${peer} …` : `Connecting to ${peer} …`, connecting: `Connecting to ${peer} …`, connected: `In a call with ${peer}`, disconnected: 'The connection is interrupted …',
        failed: offers ? 'The connection failed. Looking for another way …' : 'The connection failed' }[state] ?? '';
    }
    if (!this.isJoined) {
      return this.news + (this.wasJoined ? 'Joining the channel again …' : 'Joining the channel …');
    }
    const refusals = [...this.refusals].filter(([member, reason]) => reason !== null && this.members.includes(member)).map(([member, reason]) => `${member} can not take the call: ${reason}. `);
    return `${this.news}${refusals.join('')}${refusals.length > 0 ? 'Waiting …' : 'Waiting for somebody to join this channel …'}`;
  }

  trouble() {
    return this.call?.isLate && this.call.state !== 'connected' ? this.call.explain() : '';
  }
}
