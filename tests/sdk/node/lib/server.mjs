// Starts and stops one server on a data directory of its own.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

const BINARY = process.env.TRENT_BIN || fileURLToPath(new URL('../../../../target/release/trent', import.meta.url));
const READY_WITHIN = 20_000; // milliseconds
const STOPPED_WITHIN = 15_000; // milliseconds; the server drains for ten seconds at most

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

export class Server {
  constructor(folder) {
    this.data = join(folder, 'dev');
    this.log = join(folder, 'server.log');
  }

  async start() {
    this.port = await freePort();
    const log = openSync(this.log, 'a');
    this.process = spawn(BINARY, ['dev', '--data', this.data, '--listen', `127.0.0.1:${this.port}`], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.ended = once(this.process, 'exit').then(([code, signal]) => ({ code, signal }));
    const deadline = Date.now() + READY_WITHIN;
    while (Date.now() < deadline) {
      assert.equal(this.process.exitCode, null, `the server ended by itself:\n${this.tail()}`);
      const ready = await fetch(`http://127.0.0.1:${this.port}/readyz`).then((got) => got.status === 200, () => false);
      if (ready) return;
      await sleep(10);
    }
    throw new Error(`not ready within ${READY_WITHIN} ms:\n${this.tail()}`);
  }

  env() {
    const told = JSON.parse(execFileSync(BINARY, ['env', '--data', this.data, '--format', 'json'], { encoding: 'utf8' }));
    assert.equal(told.endpoint, `http://127.0.0.1:${this.port}`);
    assert.equal(told.endpoint_tls, `https://localhost:${this.port}`);
    return told;
  }

  async stop() {
    const process = this.process;
    assert.equal(process.exitCode, null, `the server had ended by itself:\n${this.tail()}`);
    process.kill('SIGTERM');
    const late = sleep(STOPPED_WITHIN, 'late', { ref: false });
    const end = await Promise.race([this.ended, late]);
    assert.deepEqual(end, { code: 0, signal: null }, this.tail());
    this.process = undefined;
  }

  kill() {
    this.process?.kill('SIGKILL');
    this.process = undefined;
  }

  tail() {
    return readFileSync(this.log, 'utf8').split('\n').slice(-40).join('\n');
  }
}
