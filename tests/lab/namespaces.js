// SPDX-License-Identifier: MIT
// The namespaces and the folder of a lab. Their names carry the id of the process that made them, so that labs run side by side, and so that the remains of a killed one can be
// told and removed: "node namespaces.js" does that.
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const PREFIX = 'crtc-lab-';
const FOLDERS = os.tmpdir();

const PROGRAM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

// The path of a program, as a shell of root would find it; undefined when it is not installed.
const program = name => PROGRAM_FOLDERS.map(folder => path.join(folder, name)).find(file => fs.existsSync(file));

const IP = program('ip');

const ip = (...args) => execFileSync(IP, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

// Many commands of `ip` at once, one a line; in a namespace when it is given.
function ipBatch(commands, namespace) {
  const args = [...namespace ? ['-n', namespace] : [], '-batch', '-'];
  execFileSync(IP, args, { input: commands.map(line => `${line}\n`).join(''), stdio: ['pipe', 'pipe', 'pipe'] });
}

// Why a lab can not be set up here; undefined when it can. The programs are Debian packages by their programs' names.
function obstacle(programs = {}) {
  if (process.getuid() !== 0) {
    return 'not root';
  }
  const missing = Object.entries({ ip: 'iproute2', ...programs }).find(([name]) => !program(name));
  if (missing) {
    return `${missing[1]} is not installed`;
  }
  const probe = `${PREFIX}${process.pid}-probe`;
  try {
    ip('netns', 'add', probe);
    ip('netns', 'del', probe);
  } catch (error) {
    return `network namespaces: ${error.message.trim()}`;
  }
  return undefined;
}

function killAll(namespace) {
  for (const id of ip('netns', 'pids', namespace).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(id), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') {
        throw error;
      }
    }
  }
}

const namespaces = () => ip('netns', 'list').split('\n').map(line => line.split(' ')[0]);

// Removes the namespaces and folders whose maker passes the test, and what runs there.
function remove(test) {
  const isOne = name => name.startsWith(PREFIX) && test(Number(name.slice(PREFIX.length).split('-')[0]));
  for (const namespace of namespaces().filter(isOne)) {
    killAll(namespace);
    ip('netns', 'del', namespace);
  }
  for (const folder of fs.readdirSync(FOLDERS).filter(isOne)) {
    fs.rmSync(path.join(FOLDERS, folder), { recursive: true, force: true, maxRetries: 5 });
  }
}

const removeOwn = () => remove(id => id === process.pid);

const sweep = () => remove(id => !fs.existsSync(`/proc/${id}`));

const nameOf = part => `${PREFIX}${process.pid}-${part}`;

// Makes a folder for what programs leave behind, and sees to it that all is gone when this process ends. Gives the folder.
function begin() {
  sweep();
  process.on('exit', removeOwn);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(1));
  }
  process.env.TMPDIR = path.join(FOLDERS, `${PREFIX}${process.pid}`);
  fs.mkdirSync(process.env.TMPDIR);
  return process.env.TMPDIR;
}

// The words to put before a command for it to run in a namespace.
const within = namespace => [IP, 'netns', 'exec', namespace];

module.exports = { IP, begin, ip, ipBatch, killAll, nameOf, obstacle, program, remove: removeOwn, within };

if (require.main === module && !obstacle()) {
  sweep();
}
