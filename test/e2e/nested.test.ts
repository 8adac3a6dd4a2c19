// A Debian kernel with cap-nested-hv=on is a hypervisor: its KVM runs a machine whose guest computes, touches new pages, sees an
// exchanged one, and takes interrupts. The short form of `npm run boot:nested`, which needs a compiler.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { streamProgress } from '../../src/host/progress.ts';
import { bootNested } from '../../tools/nested/boot.ts';
import { type KernelFiles, kernelFiles, packInitrd } from '../../tools/nested/guest-files.ts';
import { nestedMachines } from '../../tools/nested/machines.ts';
import { expectedReports, kvmProgram } from '../nested/kvm-program.ts';

let files: KernelFiles;
before(async () => {
  files = await kernelFiles(undefined, streamProgress(process.stderr));
});

/** Only a hang takes as long. */
const patienceMs = 1_200_000;

for (const name of ['power9/1', 'power10-rpt-invalidate/2']) {
  test(`${name}: a guest of Linux's KVM reports what it should`, async (t) => {
    const machine = nestedMachines.find((candidate) => candidate.name === name);
    assert.ok(machine, `${name} is no machine`);
    const folder = mkdtempSync(join(tmpdir(), 'continuo-nested-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const initrd = join(folder, 'initrd');
    writeFileSync(initrd, await packInitrd(kvmProgram(), files, false));

    const { console, errors, status } = await bootNested(machine, 'continuo', {
      kernel: files.kernel,
      initrd,
      words: [],
      patienceMs,
    });

    const reports = [...console.matchAll(/^KVM ([0-9a-f]{16})\r?$/gm)].map(([, value]) => BigInt(`0x${value}`));
    const end = `${errors}${console.slice(-2000)}`;
    assert.deepEqual(reports, expectedReports(), end);
    assert.match(console, /^KVM end\r?$/m);
    assert.equal(status, 0, end);
  });
}
