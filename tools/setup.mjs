// What `npm start` and `npm test` do first on any checkout: install the dependencies when they are not those of the lock
// file, then build. It uses nothing but Node.js, because nothing else is there yet, and does no work twice.
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { runProgram, say, step } from './progress.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const oldestNode = 20;

function fail(text) {
  say(text);
  process.exit(1);
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

/**
 * Why the installed packages are not those of package-lock.json, or undefined when they are. npm writes
 * node_modules/.package-lock.json as the last act of an installation, so an interrupted one is never taken for whole.
 */
function staleReason() {
  const wanted = readLock(join(root, 'package-lock.json'));
  if (wanted === undefined) fail('package-lock.json is missing or damaged: take a fresh copy of the repository.');
  const installed = readLock(join(root, 'node_modules/.package-lock.json'));
  if (installed === undefined) return 'no finished installation';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link) continue;
    const present = installed[path];
    // Packages for other platforms are optional and stay away.
    if (present === undefined && entry.optional) continue;
    if (present === undefined || present.version !== entry.version || present.integrity !== entry.integrity)
      return path;
    if (!existsSync(join(root, path))) return path;
  }
  return undefined;
}

async function installDependencies() {
  const reason = staleReason();
  if (reason === undefined) return;
  const modules = join(root, 'node_modules');
  if (existsSync(modules) && lstatSync(modules).isSymbolicLink()) {
    say(`node_modules is a link and is left alone, though it is out of date (${reason}).`);
    return;
  }
  const windows = process.platform === 'win32';
  const result = await step('Installing dependencies (npm ci)', () =>
    runProgram('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, shell: windows }),
  );
  if (result.status !== 0) {
    say(result.output.trimEnd());
    fail(
      'npm ci failed. The packages come from the npm registry: check the network or the proxy, then run this again.',
    );
  }
}

const major = Number(process.versions.node.split('.')[0]);
if (major < oldestNode) fail(`Node.js ${oldestNode} or newer is needed; this is ${process.version}.`);
await installDependencies();
process.exitCode = await build();
