// Bad input to the commands about the guest environment: one clear block, the right status, never a stack trace.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { exitStatus } from '../host/exit-status.ts';
import type { Command } from './command.ts';
import { checkMigrationCommand } from './commands/check-migration.ts';
import { explainCommand } from './commands/explain.ts';
import { fleetCommand } from './commands/fleet.ts';
import { hostsCommand } from './commands/hosts.ts';
import { matrixCommand } from './commands/matrix.ts';

const scratch = mkdtempSync(join(tmpdir(), 'continuo-hostile-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(command: Command, args: readonly string[]): Promise<Result> {
  let out = '';
  let err = '';
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    colour: false,
  };
  const status = await command.run(args, io);
  return { status, out, err };
}

/** What every answer to a bad command line must look like. */
function assertClear(result: Result, args: readonly string[]): void {
  const shown = JSON.stringify(args);
  const known: readonly number[] = [exitStatus.ok, exitStatus.usage, exitStatus.badInput, exitStatus.refused];
  assert.ok(known.includes(result.status), `status ${result.status} of ${shown}`);
  const text = result.out + result.err;
  assert.doesNotMatch(text, /\n\s+at |TypeError|RangeError|\bundefined\b|\bNaN\b|\[object/, shown);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals must not be reached by what a user typed.
  assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e]/, shown);
  const wrong = result.status === exitStatus.usage || result.status === exitStatus.badInput;
  assert.equal(result.err !== '', wrong, `an error block stands exactly where something is wrong: ${shown}`);
  if (wrong) {
    assert.equal(result.out, '', shown);
    assert.ok(result.err.length < 8_000, `one short block: ${shown}`);
    assert.match(result.err, /^continuo .*\n(?: {2}.*\n)*$/, `one block, its first line not indented: ${shown}`);
  }
}

test('unknown options and values are told of with the nearest known ones', async () => {
  const cases: readonly (readonly [Command, readonly string[], RegExp])[] = [
    [explainCommand, ['--jsno'], /did you mean json\?/],
    [explainCommand, ['--host', 'power9-hv-61'], /did you mean power9-hv-6\.1\?/],
    [explainCommand, ['-M', 'pseries-7.20'], /did you mean pseries-7\.2\?/],
    [explainCommand, ['-M', 'pseries,cap-hmt=off'], /did you mean cap-htm\?/],
    [explainCommand, ['-M', 'pseries,kernel-irqchip=om'], /none of on, off, split \(did you mean on\?\)/],
    [explainCommand, ['-cpu', 'power-9'], /did you mean power9\?/],
    [explainCommand, ['-smp', '2,thread=2'], /did you mean threads\?/],
    [explainCommand, ['-m', '1G,maxmen=2G'], /did you mean maxmem\?/],
    [explainCommand, ['-accel', 'kvn'], /did you mean kvm\?/],
    [explainCommand, ['--host'], /--host: a value must follow/],
    [explainCommand, ['-cpu'], /-cpu: a value must follow/],
    [explainCommand, ['--json=yes'], /--json: takes no value/],
    [explainCommand, ['stray'], /stray: is not expected here/],
    [checkMigrationCommand, ['--from', 'engine'], /--to: must name a host/],
    [checkMigrationCommand, ['--from', 'engine', '--to', 'engine', '--state', 'levle=raw'], /did you mean level\?/],
    [checkMigrationCommand, ['--from', 'engine', '--to', 'engine', '--to-options', '--json'], /is no machine option/],
    [matrixCommand, ['--vary', 'ic-mode'], /two or three/],
    [matrixCommand, ['--vary', 'ic-mod,host'], /did you mean ic-mode\?/],
    [matrixCommand, ['--vary', 'machine,cpu,host'], /./],
    [hostsCommand, ['enigne'], /did you mean engine\?/],
    [hostsCommand, ['--out', 'x'], /belongs to "hosts probe"/],
    [fleetCommand, ['engine', 'nowhere.json'], /nowhere\.json: cannot be read \(ENOENT\)/],
  ];
  for (const [command, args, expected] of cases) {
    const result = await run(command, args);
    assertClear(result, args);
    assert.match(result.err + result.out, expected, JSON.stringify(args));
  }
});

test('a line end or a command to the terminal in a word stays within its line', async () => {
  const bad = 'a\n\nb\u001b[2J\u0085\u2028c';
  const cases: readonly (readonly [Command, readonly string[]])[] = [
    [explainCommand, [bad]],
    [explainCommand, [`--${bad}`]],
    [explainCommand, ['-M', bad]],
    [explainCommand, ['-M', `pseries,cap-cfpc=${bad}`]],
    [explainCommand, ['--json', '-M', `pseries,cap-cfpc=${bad}`]],
    [fleetCommand, ['--json', '-M', `pseries,cap-cfpc=${bad}`]],
    [explainCommand, ['--host', bad]],
    [explainCommand, ['--host', `./${bad}`]],
    [checkMigrationCommand, ['--from', 'engine', '--to', 'engine', '--state', bad]],
    [checkMigrationCommand, ['--from', 'engine', '--to', 'engine', '-M', `pseries,cap-cfpc=${bad}`]],
    [matrixCommand, ['--vary', `ic-mode=${bad},kernel-irqchip`]],
    [hostsCommand, [bad]],
    [fleetCommand, [bad]],
    [fleetCommand, ['-M', `pseries,cap-cfpc=${bad}`]],
  ];
  const shown = bad.replaceAll(/[^ -~]/g, '?');
  for (const [command, args] of cases) {
    const result = await run(command, args);
    assertClear(result, args);
    assert.ok(!(result.out + result.err).includes('a\n'), JSON.stringify(args));
    if (args.includes('--json'))
      assert.ok(JSON.stringify(JSON.parse(result.out)).includes(JSON.stringify(bad).slice(1, -1)));
    // Every command but fleet, which shows codes alone, tells what it was given.
    else if (command !== fleetCommand || args.length === 1) assert.ok((result.out + result.err).includes(shown), shown);
  }
  const programs: readonly (readonly [module: string, args: readonly string[]])[] = [
    ['./main.js', [bad]],
    ['./main.js', ['run', bad]],
    ['./main.js', ['run', `--cap-cfpc=${bad}`]],
    ['./main.js', ['run', '--kernel', `/nowhere/${bad}`]],
    ['./system-ppc64.js', [`-${bad}`]],
    ['./system-ppc64.js', ['-kernel', `/nowhere/${bad}`]],
  ];
  for (const [module, args] of programs) {
    const script = `await (await import(${JSON.stringify(new URL(module, import.meta.url).href)})).main(${JSON.stringify(args)});`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.equal(stdout, '', stderr);
    assert.match(stderr, /^continuo[ -~]*: [ -~]*a[ ?]b?[ -~]*\n$/, JSON.stringify(args));
  }
});

test('values with a reason code are refused with that code, all at once', async () => {
  const args = [
    '-M',
    'pseries,cap-cfpc=fix,ic-mode=xice,cap-hpt-max-page-size=3',
    '--max-cpu-compat',
    'power12',
    '--json',
  ];
  const result = await run(explainCommand, args);
  assertClear(result, args);
  assert.equal(result.status, exitStatus.refused);
  const { reasons } = JSON.parse(result.out) as { reasons: { code: string; fix?: string }[] };
  assert.deepEqual(
    reasons.map(({ code, fix }) => [code, fix]),
    [
      ['E_IC_MODE_VALUE', 'ic-mode=xics'],
      ['E_CAP_VALUE', 'cap-cfpc=fixed'],
      ['E_CAP_POW2', 'cap-hpt-max-page-size=4k'],
      ['E_COMPAT_NAME', 'max-cpu-compat=power10'],
    ],
  );
});

test('files that are no profile are told of, whatever is wrong with them', async () => {
  const files: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['empty.json', '', /is no JSON/],
    ['text.json', 'hello', /is no JSON/],
    ['list.json', '[1]', /is a JSON object/],
    ['half.json', '{"name":"half"}', /accelerator is missing/],
    ['deep.json', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, /profile/],
    ['binary.json', new Uint8Array([0, 0xff, 0x1b, 0x5b, 0x41]), /is no JSON/],
    ['large.json', ' '.repeat(2 << 20), /too large/],
    ['escape.json', '{"\\u001b[31m":1}', /is not known/],
  ];
  for (const [name, content, expected] of files) {
    const file = join(scratch, name);
    writeFileSync(file, content);
    for (const command of [explainCommand, hostsCommand]) {
      const args = command === explainCommand ? ['--host', file] : [file];
      const result = await run(command, args);
      assertClear(result, args);
      assert.equal(result.status, exitStatus.badInput, name);
      assert.match(result.err, expected, name);
    }
  }
  mkdirSync(join(scratch, 'folder'));
  for (const word of [join(scratch, 'folder'), join(scratch, 'missing.json')]) {
    const result = await run(fleetCommand, [word]);
    assertClear(result, [word]);
    assert.equal(result.status, exitStatus.badInput);
  }
});

const words = [
  ...[
    '-M',
    '-machine',
    '--machine',
    '-cpu',
    '-smp',
    '-m',
    '-accel',
    '--host',
    '--json',
    '--help',
    '--vary',
    '--from',
    '--to',
  ],
  ...[
    '--to-options',
    '--state',
    '--ic-mode',
    '--cap-htm',
    '--max-cpu-compat',
    '--vsmt',
    '-enable-kvm',
    '--',
    '-',
    '',
    '=',
  ],
  ...['pseries', 'pseries-6.2', 'power9', 'power8', 'engine', 'power9-hv-6.1', 'host', '2', '4,threads=2', '1G', '64k'],
  ...[
    'pseries,cap-htm=on',
    'ic-mode=dual,kernel-irqchip=on',
    'ic-mode,host',
    'level=raw,ail=3',
    '-cpu power10',
    ',,',
    '__proto__',
  ],
  ...[
    'constructor=1',
    '\u001b[31mred',
    '\u0000',
    '\n\n',
    'é',
    '💥',
    '%s%n',
    '../..',
    'x'.repeat(5_000),
    '-1',
    '0',
    '99999999999999999999',
  ],
];

/** What is put into words: anything, and often what would change a terminal or a line. */
const damage = fc.oneof(
  fc.string({ maxLength: 6, unit: 'binary' }),
  fc.constantFrom('\n', '\r\n', '\t', '\u001b[2J', '\u0085', '\u2028', '\u202e', '"', '\\'),
);

/** A command line and small damage to its words. */
const line = fc
  .array(
    fc.tuple(fc.constantFrom(...words), fc.nat(7), damage).map(([word, kind, text]) => {
      const at = word.length >> 1;
      if (kind === 0) return word.slice(0, at) + text + word.slice(at);
      if (kind === 1) return word.slice(1);
      if (kind === 2) return `${word}=${text}`;
      if (kind === 3) return word.slice(0, at) + word.slice(at + 1);
      return word;
    }),
    { maxLength: 8 },
  )
  // A word with a slash would name a file of this machine.
  .map((args) => args.map((word) => word.replaceAll('/', '|')));

test('5,000 mutated command lines each get one clear block and a documented status', async () => {
  const commands = [explainCommand, explainCommand, checkMigrationCommand, matrixCommand, hostsCommand, fleetCommand];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...commands), line, async (command, args) => {
      // Probing and writing files is not what this test is about.
      if (command === hostsCommand && (args.includes('probe') || args.some((word) => word.includes('out')))) return;
      assertClear(await run(command, args), args);
    }),
    { numRuns: 5_000 },
  );
});

test('a refused start ends its process within 300 ms of processor time, with its status and one block', () => {
  const refusedStarts: readonly (readonly [module: string, args: readonly string[]])[] = [
    ['./main.js', ['explain', '-cpu', 'power9', '--host', 'power9-pr-5.18']],
    ['./main.js', ['run', '--host', 'power9-hv-5.15']],
    ['./system-ppc64.js', ['-M', 'pseries,cap-htm=on', '-kernel', '/nowhere']],
  ];
  for (const [module, args] of refusedStarts) {
    const script = `
      const { main } = await import(${JSON.stringify(new URL(module, import.meta.url).href)});
      process.on('exit', () => process.stdout.write('\\ntook ' + process.cpuUsage().user / 1000));
      await main(${JSON.stringify(args)});`;
    // Processor time, the least of a few starts: time on the wall depends on what else the machine does, and so does
    // processor time, where two threads share a core.
    let took = Number.POSITIVE_INFINITY;
    for (let start = 0; start < 5 && took >= 300; start++) {
      const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
      assert.equal(result.status, exitStatus.refused, result.stderr);
      assert.match(result.stdout + result.stderr, /E_AIL3|E_HTM/);
      assert.doesNotMatch(result.stderr, /^ +at /m);
      took = Math.min(took, Number(/took (\S+)$/.exec(result.stdout)?.[1]));
    }
    assert.ok(took < 300, `${args.join(' ')}: ${took} ms`);
  }
});
