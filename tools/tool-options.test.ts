// Every developer's command explains itself, and refuses what it does not know with one line and status 64.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitStatus } from '../src/host/exit-status.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** The compiled programs that scripts of package.json run, by the scripts' names. */
const programs = Object.entries(scripts).flatMap(([name, script]) => {
  const file = /node (dist\/\S+\.js)/.exec(script)?.[1];
  return file === undefined ? [] : [{ name, file }];
});

test('the scripts of package.json run compiled programs', () => {
  assert.ok(programs.length >= 15, `${programs.length} found`);
});

for (const { name, file } of programs) {
  test(`npm run ${name}: --help, and an option that it does not know`, () => {
    const run = (word: string) => spawnSync(process.execPath, [file, word], { cwd: root, encoding: 'utf8' });
    const help = run('--help');
    assert.equal(help.status, exitStatus.ok, help.stderr);
    assert.ok(help.stdout.startsWith(`Usage: npm run ${name}`), help.stdout);
    const wrong = run('--unheard-of');
    assert.equal(wrong.status, exitStatus.usage, wrong.stderr);
    assert.equal(wrong.stdout, '');
    assert.match(wrong.stderr, new RegExp(`^${name}: Unknown option '--unheard-of'.*\\n--help lists the options\\n$`));
  });
}
