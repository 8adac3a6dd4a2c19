// Hash translation under random use: SLB instructions, hypercalls on the page table, accesses, on two vCPUs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHash } from './hash-run.ts';

for (const { name, isa300, maximumShift, operations } of [
  { name: 'POWER9 with all page sizes', isa300: true, maximumShift: 34, operations: 60_000 },
  { name: 'POWER9 with 64 KiB at most', isa300: true, maximumShift: 16, operations: 20_000 },
  { name: 'POWER8 with 16 MiB at most', isa300: false, maximumShift: 24, operations: 20_000 },
]) {
  test(`${operations} operations on hash translation, ${name}: each is what the model says`, () => {
    const counts = runHash({ seed: 20261121, operations, isa300, maximumShift });
    // The run has met what it is for.
    const met = (what: string): number => counts[what] ?? 0;
    for (const status of [
      'hEnter 0',
      'hEnter -4',
      'hEnter -6',
      'hRemove 0',
      'hRemove -7',
      'hBulkRemove 0',
      'hProtect 0',
    ]) {
      assert.ok(met(status) > 20, status);
    }
    for (const access of ['load', 'store', 'fetch']) {
      for (const way of ['hit', 'walk', 'fault', 'segment'])
        assert.ok(met(`${access} ${way}`) > 20, `${access} ${way}`);
    }
    if (process.env.MMU_COUNTS) console.log(counts);
  });
}
