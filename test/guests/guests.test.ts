// Every test guest on this machine: what it writes down is what the model says. `npm run guests:qemu` compares with QEMU.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, show } from './compare.ts';
import { allGuests } from './guests.ts';
import { guestImage, hasFscr } from './image.ts';
import { runOnContinuo } from './run-continuo.ts';

for (const guest of allGuests()) {
  test(`${guest.name}: ${guest.cases.length} cases`, async () => {
    const { elf, addresses } = guestImage(guest, hasFscr(guest));
    const { records, complete, rest } = await runOnContinuo(guest, elf);
    const found = differences(guest, records, (i) => guest.cases[i]?.expect(addresses[i] ?? 0n));
    assert.deepEqual(found.slice(0, 20).map(show), [], `${found.length} differences`);
    assert.ok(complete, `ended after ${records.length} cases: ${rest}`);
    assert.equal(records.length, guest.cases.length);
  });
}
