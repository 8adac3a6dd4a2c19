// Wrong command lines and files, given to the programs themselves: one line for each reason, the documented exit status, no
// stack trace, no hang.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exitStatus } from '../../src/host/exit-status.ts';
import { programPath, runChild } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'continuo-bad-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The first bytes of an ELF file for `machine`; 21 is 64-bit PowerPC, 62 is x86-64. */
function elfHeader(machine: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes[16] = 2;
  bytes[18] = machine;
  return bytes;
}

/** A kernel that is right as far as the loader can see: one segment, entered at its start. */
function smallKernel(): Uint8Array {
  const bytes = new Uint8Array(256);
  bytes.set(elfHeader(21));
  const view = new DataView(bytes.buffer);
  view.setUint32(32, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true);
  view.setUint32(64 + 8, 128, true);
  view.setUint32(64 + 32, 128, true);
  view.setUint32(64 + 40, 128, true);
  return bytes;
}

const kernel = file('kernel', smallKernel());
const hugeInitrd = file('huge', '');
truncateSync(hugeInitrd, 600 << 20);

const system = ['-cpu', 'power9', '-m', '512M', '-nographic'];
const cases: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly status: number;
  readonly says: RegExp;
}[] = [
  {
    name: 'a truncated ELF file',
    args: ['-kernel', file('short', smallKernel().subarray(0, 60))],
    status: exitStatus.badInput,
    says: /-kernel .*short: .*ends inside/,
  },
  {
    name: 'a truncated segment',
    args: ['-kernel', file('cut', smallKernel().subarray(0, 200))],
    status: exitStatus.badInput,
    says: /-kernel .*cut: segment 0/,
  },
  {
    name: 'a kernel for another architecture',
    args: ['-kernel', file('x86', elfHeader(62))],
    status: exitStatus.badInput,
    says: /-kernel .*x86: .*x86-64/,
  },
  {
    name: 'a text file as kernel',
    args: ['-kernel', file('text', 'hello\n')],
    status: exitStatus.badInput,
    says: /-kernel .*text: .*not an ELF/,
  },
  {
    name: 'a kernel that is not there',
    args: ['-kernel', join(folder, 'none')],
    status: exitStatus.badInput,
    says: /-kernel .*none: no such file/,
  },
  {
    name: 'a folder as kernel',
    args: ['-kernel', folder],
    status: exitStatus.badInput,
    says: /-kernel .*: is a folder/,
  },
  {
    name: 'an initrd larger than memory',
    args: ['-kernel', kernel, '-initrd', hugeInitrd],
    status: exitStatus.badInput,
    says: /-initrd .*huge: .*600 MiB.*512 MiB/,
  },
  {
    name: 'an endless initrd',
    args: ['-kernel', kernel, '-initrd', '/dev/zero'],
    status: exitStatus.badInput,
    says: /-initrd \/dev\/zero: /,
  },
  {
    name: 'an empty initrd',
    args: ['-kernel', kernel, '-initrd', file('empty', '')],
    status: exitStatus.badInput,
    says: /-initrd .*empty: .*empty/,
  },
  {
    name: 'a device tree that is none',
    args: ['-kernel', kernel, '-dtb', file('dts', '/dts-v1/;')],
    status: exitStatus.badInput,
    says: /-dtb .*dts: .*not a flattened/,
  },
  {
    name: 'firmware that is too large',
    args: ['-bios', hugeInitrd],
    status: exitStatus.badInput,
    says: /-bios .*huge: /,
  },
  { name: 'too little memory', args: ['-kernel', kernel, '-m', '1'], status: exitStatus.refused, says: /-m: / },
  {
    name: 'memory that is no number',
    args: ['-kernel', kernel, '-m', 'lots'],
    status: exitStatus.refused,
    says: /-m: .*lots/,
  },
  {
    name: 'memory that is no multiple of its blocks',
    args: ['-kernel', kernel, '-m', '300'],
    status: exitStatus.refused,
    says: /-m: 300 MiB .*try -m 512M/,
  },
  { name: 'impossible memory', args: ['-kernel', kernel, '-m', '1000T'], status: exitStatus.refused, says: /-m: / },
  { name: 'impossible CPU counts', args: ['-kernel', kernel, '-smp', '0'], status: exitStatus.refused, says: /-smp: / },
  {
    name: 'too many CPUs',
    args: ['-kernel', kernel, '-smp', '17'],
    status: exitStatus.refused,
    says: /-smp: .*17 CPUs/,
  },
  {
    name: 'CPUs that fill no core',
    args: ['-kernel', kernel, '-smp', '3,threads=2'],
    status: exitStatus.refused,
    says: /-smp: /,
  },
  {
    name: 'an unknown machine',
    args: ['-kernel', kernel, '-M', 'q35'],
    status: exitStatus.usage,
    says: /-machine: .*q35/,
  },
  {
    name: 'a capability that the engine has not',
    args: ['-kernel', kernel, '-M', 'pseries,cap-htm=on'],
    status: exitStatus.refused,
    says: /cap-htm/,
  },
  {
    name: 'an unknown option',
    args: ['-kernle', kernel],
    status: exitStatus.usage,
    says: /-kernle: did you mean -kernel\?/,
  },
  {
    name: 'an option that is not built',
    args: ['-drive', 'file=x'],
    status: exitStatus.refused,
    says: /-drive is not built yet/,
  },
  {
    name: 'a console file that cannot be written',
    args: ['-kernel', kernel, '-serial', `file:${folder}/none/x`],
    status: exitStatus.unavailable,
    says: /none\/x: no such file/,
  },
  {
    name: 'a log file that cannot be written',
    args: ['-kernel', kernel, '-d', 'int', '-D', `${folder}/none/x`],
    status: exitStatus.unavailable,
    says: /-D .*none\/x: no such file/,
  },
];

for (const { name, args, status, says } of cases) {
  test(`${name} is refused`, async () => {
    const result = await runChild(programPath('continuo-system-ppc64'), [...system, ...args]);
    assert.match(result.stderr, says);
    assert.equal(result.status, status, result.stderr);
    assert.equal(result.stdout.toString(), '');
    for (const line of result.stderr.trimEnd().split('\n')) {
      assert.ok(line.startsWith('continuo-system-ppc64: '), line);
      assert.ok(!line.includes('internal error'), line);
    }
  });
}

test('`continuo run` names its own options', async () => {
  const result = await runChild(programPath('continuo'), ['run', '--kernel', file('text2', 'x'), '--cpus', '2']);
  assert.match(result.stderr, /^continuo: --kernel .*text2: .*not an ELF.*\n$/);
  assert.equal(result.status, exitStatus.badInput);
});

test('a mirror that is no address is refused, with a way out', async () => {
  const result = await runChild('/usr/bin/env', [
    `XDG_CACHE_HOME=${folder}`,
    process.execPath,
    programPath('continuo'),
    'guest',
    '--mirror',
    'nowhere',
  ]);
  assert.match(result.stderr, /^continuo: --mirror nowhere .*https:.*\n$/);
  assert.equal(result.status, exitStatus.unavailable);
});
