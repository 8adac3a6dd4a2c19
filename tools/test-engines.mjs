// npm run test:engines [-- NAME…]: all tests with guest code translated when hot, interpreted, and translated at first sight in tiny
// regions, one after the other. Arguments are parts of file names, as with `npm test`.

import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from './progress.mjs';

const tests = join(dirname(fileURLToPath(import.meta.url)), 'test.mjs');
const failed = [];
for (const engine of ['translator', 'interpreter', 'stress']) {
  say(`CONTINUO_ENGINE=${engine}`);
  const { status } = spawnSync(process.execPath, [tests, ...process.argv.slice(2)], {
    env: { ...process.env, CONTINUO_ENGINE: engine },
    stdio: 'inherit',
  });
  if (status !== 0) failed.push(engine);
}
say(failed.length === 0 ? 'All engines pass.' : `Failed with: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
