// The parts of the boot matrix that need no boot: the program's file, the report's reader, what Linux is thought to choose.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasProgram } from '../../src/host/guest/program.ts';
import { askExplain, explained } from './compare.ts';
import { allConfigurations, chooseConfigurations, machineKinds, shortIds } from './configurations.ts';
import { knownCpu, negotiatedVersions } from './linux-facts.ts';
import { probeProgram } from './probe.ts';
import { readReport } from './report-guest.ts';
import { codeAddress, staticElf } from './static-elf.ts';
import { linuxChoice } from './subject.ts';

const readelf = 'powerpc64le-linux-gnu-readelf';

test('the program is a static executable to readelf', { skip: hasProgram(readelf) ? false : `no ${readelf}` }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'continuo-elf-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'program');
  writeFileSync(path, staticElf(new Uint8Array(20), 100));

  const { stdout, stderr } = spawnSync(readelf, ['-hl', path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });

  assert.equal(stderr, '');
  assert.match(stdout, /Type: +EXEC/);
  assert.match(stdout, /Machine: +PowerPC64/);
  assert.match(stdout, /Flags: +0x2, abiv2/);
  assert.match(stdout, new RegExp(`Entry point address: +0x${codeAddress.toString(16)}`));
  assert.match(stdout, /LOAD +0x0+ 0x0*10000000 0x0*10000000\s+0x0*8c 0x0*f0 +RWE/);
});

test('the probe fits into its first page', () => {
  assert.ok(probeProgram().length < 0x1000);
});

test('a report without its end is refused by the name of what is missing', () => {
  assert.throws(() => readReport('@@@ log\nline\n'), /no part end/);
});

test('boots have different names, and a word chooses', () => {
  assert.equal(new Set(allConfigurations.map(({ id }) => id)).size, 3 * machineKinds.length);
  assert.equal(chooseConfigurations(['hash-xive']).length, 3);
  assert.deepEqual(chooseConfigurations(['power12']), []);
});

test('the short form has each level, MMU, controller and number of CPUs', async () => {
  const chosen = allConfigurations.filter(({ id }) => shortIds.includes(id));
  assert.equal(chosen.length, shortIds.length);
  const choices = await Promise.all(
    chosen.map(async (configuration) => {
      const { environment } = await explained(configuration);
      return linuxChoice(environment, configuration.words);
    }),
  );
  const values = (pick: (choice: (typeof choices)[number]) => unknown): unknown[] =>
    [...new Set(choices.map(pick))].sort();
  assert.deepEqual(
    values(({ level }) => level.name),
    ['power10', 'power8', 'power9'],
  );
  assert.deepEqual(
    values(({ mmu }) => mmu),
    ['hash', 'radix'],
  );
  assert.deepEqual(
    values(({ interrupts }) => interrupts),
    ['xics', 'xive'],
  );
  assert.deepEqual(
    values(({ shootdown }) => shootdown),
    [false, true],
  );
  assert.deepEqual([...new Set(chosen.map(({ cpus }) => cpus))].sort(), [1, 2, 4]);
});

test('each kind of machine has what its name says', async () => {
  const named = machineKinds.filter(({ name }) => /-(hash|radix)-(xics|xive)$/.test(name));
  assert.ok(named.length >= 6);
  for (const kind of named) {
    const [, mmu, interrupts] = /-(hash|radix)-(xics|xive)$/.exec(kind.name) ?? [];
    const { environment } = await explained({ ...kind, cpus: 1, id: kind.name });
    const choice = linuxChoice(environment, kind.words);
    assert.equal(choice.mmu, mmu, kind.name);
    assert.equal(choice.interrupts, interrupts, kind.name);
  }
});

test('a host that cannot give a machine is refused by code, and one that can changes nothing but the PVR', async () => {
  const [configuration] = chooseConfigurations(['power9-no-ail3/1']);
  const [standard] = chooseConfigurations(['power9-radix-xive/1']);
  assert.ok(configuration && standard);
  assert.deepEqual(await askExplain(standard, 'pseries', 'power9-hv-5.15'), { refused: ['E_AIL3'] });
  const here = await askExplain(configuration, 'pseries');
  const there = await askExplain(configuration, 'pseries', 'power9-hv-5.15');
  assert.ok(here.refused === undefined && there.refused === undefined);
  assert.deepEqual(there.environment, here.environment);
  assert.deepEqual([here.pvr, there.pvr], [0x004e_1200, 0x004e_1203]);
});

test('a version that Linux does not know is the oldest compatible one', () => {
  assert.equal(knownCpu(0x0082_1200).platform, 'power5');
  assert.equal(knownCpu(0x004e_1202).name, 'POWER9 (raw)');
  for (const version of negotiatedVersions) assert.match(knownCpu(version).name, /architected/);
});
