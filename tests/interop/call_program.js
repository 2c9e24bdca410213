// SPDX-License-Identifier: MIT
// Starts the call program and waits for the address it prints.
'use strict';
const { start } = require('./started');
const { until } = require('./wait');

class CallProgram {
  constructor(binary, args) {
    this.output = '';
    this.process = start(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', data => { this.output += data; });
    }
    const kill = () => this.process.kill('SIGKILL');
    process.on('exit', kill);
    this.ended = new Promise(resolve => this.process.on('exit', (code, signal) => {
      process.off('exit', kill);
      this.status = code ?? signal;
      resolve(this.status);
    }));
  }

  async says(pattern, seconds) {
    return until(`${pattern} from call`, () => {
      if (this.status !== undefined && !pattern.test(this.output)) {
        throw new Error(`call ended with ${this.status}:\n${this.output}`);
      }
      return pattern.exec(this.output);
    }, seconds);
  }

  async url() {
    return (await this.says(/Open (\S+) in a browser/))[1];
  }

  async stop() {
    this.process.kill('SIGTERM');
    return this.ended;
  }
}

module.exports = { CallProgram };
