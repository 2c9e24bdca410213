// SPDX-License-Identifier: MIT
// A real STUN and TURN server, coturn: UDP and TCP on 3478, TLS on 443 and 5349, with a certificate of its own.
'use strict';
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { program } = require('./namespaces');
const { start } = require('../interop/started');
const { until } = require('../interop/wait');

const USERNAME = 'u';
const CREDENTIAL = 'p';

const urlHost = address => (address.includes(':') ? `[${address}]` : address);

class TurnServer {
  // It listens on the addresses, of which every second is the other address that RFC 5780 wants, in the namespace that `within` names.
  constructor(within, addresses, folder) {
    Object.assign(this, { within, addresses, certificate: path.join(folder, 'turn.pem'), key: path.join(folder, 'turn-key.pem'), database: path.join(folder, 'turn-db') });
    const names = ['DNS:turn.lab', ...addresses.map(address => `IP:${address}`)].join();
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=turn.lab', '-addext',
      `subjectAltName=${names}`, '-keyout', this.key, '-out', this.certificate], { stdio: 'pipe' });
  }

  async start() {
    const [command, ...rest] = [...this.within, program('turnserver')];
    this.log = '';
    this.process = start(command, [...rest, '-n', '--no-cli', '--pidfile=', `--db=${this.database}`, ...this.addresses.flatMap(address => [`--listening-ip=${address}`,
      `--relay-ip=${address}`]), '--listening-port=3478', '--alt-listening-port=3479', '--tls-listening-port=5349', '--alt-tls-listening-port=443', '--min-port=50000',
    '--max-port=51000', '--lt-cred-mech', `--user=${USERNAME}:${CREDENTIAL}`, '--realm=lab', '--fingerprint', `--cert=${this.certificate}`, `--pkey=${this.key}`,
    '--log-file=stdout', '--simple-log', '--verbose'], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout.on('data', data => { this.log += data; });
    this.process.stderr.on('data', data => { this.log += data; });
    this.ended = new Promise(resolve => this.process.once('exit', resolve));
    await until('coturn to listen', () => {
      if (this.process.exitCode !== null) {
        throw new Error(`coturn ended with ${this.process.exitCode}: ${this.log}`);
      }
      return this.addresses.every(address => this.log.includes(`TLS/TCP listener opened on : ${address}:443`));
    });
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  // URLs of RTCIceServer.
  stunUrls() {
    return this.mainAddresses().map(host => `stun:${host}:3478`);
  }

  turnUrls() {
    return this.mainAddresses().flatMap(host => [`turn:${host}:3478`, `turn:${host}:3478?transport=tcp`, `turns:${host}:443?transport=tcp`]);
  }

  mainAddresses() {
    return this.addresses.filter((_, i) => i % 2 === 0).map(urlHost);
  }
}

module.exports = { CREDENTIAL, TurnServer, USERNAME };
