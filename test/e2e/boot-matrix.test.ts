// Guests of different levels, MMUs and interrupt controllers see what `continuo explain --json` says: the short form of
// `npm run boot:matrix`. Each boot is one test; a mismatch names configuration, item, what was expected and what was seen.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type DefaultGuest, defaultGuest } from '../../src/host/guest/default-guest.ts';
import { streamProgress } from '../../src/host/progress.ts';
import { type Boot, bootAndReport } from '../boot-matrix/boot.ts';
import { compareBoot, explained, mismatches } from '../boot-matrix/compare.ts';
import { allConfigurations, type Configuration, shortIds } from '../boot-matrix/configurations.ts';
import { kernelSeries } from '../boot-matrix/linux-facts.ts';

let guest: DefaultGuest;
before(async () => {
  guest = await defaultGuest({}, streamProgress(process.stderr));
});

/** Every boot that was made, for the test of the comparison. */
const boots = new Map<Configuration, Boot>();

for (const id of shortIds) {
  const configuration = allConfigurations.find((candidate) => candidate.id === id);
  test(`${id}: the guest sees what explain says`, async (t) => {
    if (!guest.kernelVersion.startsWith(kernelSeries)) {
      t.skip(`test/boot-matrix/linux-facts.ts is about Linux ${kernelSeries}*, the guest has ${guest.kernelVersion}`);
      return;
    }
    assert.ok(configuration, `${id} is no configuration`);
    const boot = await bootAndReport(configuration, { guest });
    boots.set(configuration, boot);
    const items = compareBoot(configuration, await explained(configuration), boot);
    assert.ok(items.length > 100, `only ${items.length} items were compared`);
    assert.deepEqual(mismatches(items), [], id);
    const invalidations = boot.calls.get('H_RPT_INVALIDATE') ?? 0;
    if (configuration.words.includes('radix_hcall_invalidate=on')) assert.ok(invalidations > 1000, `${invalidations}`);
  });
}

test('a guest that sees something else is told by configuration and item', async (t) => {
  if (boots.size === 0) {
    t.skip('nothing was booted');
    return;
  }
  const [configuration, boot] = [...boots].find(([{ name }]) => name === 'power9-no-ail3') ?? [];
  assert.ok(configuration && boot, 'power9-no-ail3 was booted');
  const other = { ...configuration, properties: [] };
  const names = mismatches(compareBoot(other, await explained(other), boot)).map(({ name }) => name);
  assert.ok(names.includes('AT_HWCAP2') && names.includes('program status.systemCallVectored'), names.join('\n'));
});
