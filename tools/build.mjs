// Builds everything that `npm start` and `npm test` run: type check and emit, then the generated parts in order.
// Each step runs only when its inputs are newer than its output.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
const generated = join(root, 'dist/tools/build-generated.js');
if (existsSync(generated)) await import(pathToFileURL(generated).href);
