// Runs every test file in a process of its own, then the formatter and linter, and closes with a summary that counts what
// ran, what was skipped and what failed. Arguments are parts of file names: only matching files run (and no linter).

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runProgram, say, secondsSince } from './progress.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const reporter = pathToFileURL(join(root, 'tools/test-reporter.mjs')).href;
// Interpreted, a boot takes several times as long; translated at first sight, twenty times.
const slowEngine = (process.env.CONTINUO_ENGINE || 'translator') !== 'translator';
const fileTimeoutMs = (slowEngine ? 90 : 15) * 60 * 1000;
const patterns = process.argv.slice(2);

function testFiles() {
  const found = [];
  for (const folder of ['src', 'test', 'bench', 'tools']) {
    const path = join(root, 'dist', folder);
    if (!existsSync(path)) continue;
    for (const name of readdirSync(path, { recursive: true })) {
      if (name.endsWith('.test.js')) found.push(join(path, name));
    }
  }
  return found
    .map((path) => relative(root, path))
    .filter((path) => patterns.length === 0 || patterns.some((part) => path.includes(part)))
    .sort();
}

/** Runs one file and resolves to its results; a file that crashes or is killed counts as a failure of its own. */
async function runFile(path, scratch) {
  const start = performance.now();
  const report = join(scratch, `${path.replaceAll(/[\\/]/g, '_')}.jsonl`);
  const args = ['--enable-source-maps', `--test-reporter=${reporter}`, `--test-reporter-destination=${report}`, path];
  const { status, output } = await runProgram(process.execPath, args, { cwd: root, timeout: fileTimeoutMs });
  const lines = existsSync(report) ? readFileSync(report, 'utf8').split('\n').filter(Boolean) : [];
  const tests = lines.map((line) => JSON.parse(line));
  const failures = tests.filter((test) => !test.passed && test.todo === undefined);
  const crashed = status !== 0 && failures.length === 0;
  const empty = status === 0 && tests.length === 0;
  return { path, tests, failures, crashed, empty, status, output, time: secondsSince(start) };
}

function report(result) {
  const bad = result.failures.length > 0 || result.crashed || result.empty;
  const skipped = result.tests.filter((test) => test.skipped !== undefined).length;
  const counts = `${result.tests.length} tests${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  say(
    `${bad ? 'FAIL' : 'ok  '} ${result.path.replace(/^dist\//, '').replace(/\.js$/, '.ts')}  ${counts}, ${result.time}`,
  );
  for (const test of result.failures) say(`  FAILED ${test.name}\n${String(test.error).replaceAll(/^/gm, '    ')}`);
  if (result.crashed) say(`  the test process ended with status ${result.status}`);
  if (result.empty) say('  the file ran no test');
  if (bad && result.output !== '')
    say(result.output.trimEnd().split('\n').slice(-60).join('\n').replaceAll(/^/gm, '    | '));
}

/** Runs `paths` with at most `width` processes at a time, in order of start. */
async function runAll(paths, width, scratch) {
  const queue = [...paths];
  const results = [];
  const worker = async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const result = await runFile(path, scratch);
      results.push(result);
      report(result);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

async function lint() {
  const start = performance.now();
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const { status, output } = await runProgram(process.execPath, [biome, 'check', '.'], { cwd: root });
  say(`${status === 0 ? 'ok  ' : 'FAIL'} formatter and linter (biome check), ${secondsSince(start)}`);
  if (status !== 0) say(output.trimEnd());
  return status === 0;
}

const start = performance.now();
const files = testFiles();
const isEndToEnd = (path) => path.startsWith(join('dist', 'test', 'e2e'));
const scratch = mkdtempSync(join(tmpdir(), 'continuo-test-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const width = Math.max(1, Math.min(4, availableParallelism()));
say(`Running ${files.length} test files, ${width} at a time; whole machines last, one at a time.`);
const results = await runAll(
  files.filter((path) => !isEndToEnd(path)),
  width,
  scratch,
);
// Whole machines measure idleness and wait for prompts: they run alone.
results.push(...(await runAll(files.filter(isEndToEnd), 1, scratch)));
const lintPassed = patterns.length > 0 || (await lint());

const tests = results.flatMap((result) => result.tests);
const skipped = tests.filter((test) => test.skipped !== undefined);
const failed = results.flatMap((result) => result.failures).length;
const broken = results.filter((result) => result.crashed || result.empty).length;
say('');
for (const test of skipped) say(`skipped: ${test.name}${typeof test.skipped === 'string' ? `: ${test.skipped}` : ''}`);
say(
  `${tests.length - failed - skipped.length} passed, ${failed} failed, ${skipped.length} skipped in ${results.length} files` +
    `${broken > 0 ? `; ${broken} files crashed or ran no test` : ''}` +
    `${lintPassed ? '' : '; the linter complains'}; ${secondsSince(start)}`,
);
if (files.length === 0) say('No test file matches.');
process.exitCode = failed > 0 || broken > 0 || !lintPassed || files.length === 0 ? 1 : 0;
