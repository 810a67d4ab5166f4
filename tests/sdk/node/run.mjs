// Starts a fresh server, runs every test file against it, and stops it again. The tests run in a
// process of their own, because Node reads the extra authority only when it starts.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from './lib/server.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'trent-node-'));
const server = new Server(folder);
let status = 1;
try {
  await server.start();
  const env = server.env();
  status = await tests(env);
  await server.stop();
} catch (problem) {
  console.error(problem);
  status = 1;
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);

function tests(env) {
  const files = readdirSync(join(here, 'test')).filter((name) => name.endsWith('.test.mjs')).sort();
  const runner = spawn(
    process.execPath,
    ['--test', '--test-reporter=spec', '--test-concurrency=1', ...files.map((name) => join('test', name))],
    {
      cwd: here,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: env.ca_file, TRENT_ENV: JSON.stringify(env), NO_PROXY: '*' },
    },
  );
  return new Promise((resolve, reject) => {
    runner.once('error', reject);
    runner.once('exit', (code) => resolve(code ?? 1));
  });
}
