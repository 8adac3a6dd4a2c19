// The reader of the guest hypervisor's console: what counts as passed, as wrong, and as a difference.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNames } from './guest-files.ts';
import { exceptionsOf, nestedMachines, qemuExceptions } from './machines.ts';
import { differingDetails, readNestedReport, wrongChecks } from './report.ts';

const console = [
  '[    1.0] Run /init as init process',
  'NESTED begin',
  'NESTED one ok 3 of 3',
  'NESTED two skip not here\r',
  '[    2.0] KVM: NESTED three FAIL r3 is 0x1, not 0x2',
  'L2| NESTED two ok',
  'L2| Oops',
  'NESTED end',
].join('\n');

test('each check asked for has its verdict and what it found out', () => {
  const { checks, complaints } = readNestedReport(console, ['one', 'two', 'three', 'four']);
  assert.deepEqual(checks, [
    { name: 'one', verdict: 'ok', detail: '3 of 3' },
    { name: 'two', verdict: 'skip', detail: 'not here' },
    { name: 'three', verdict: 'FAIL', detail: 'r3 is 0x1, not 0x2' },
    { name: 'four', verdict: 'missing', detail: '' },
  ]);
  assert.deepEqual(complaints, []);
});

test('all but ok is wrong, unless an exception names just that verdict', () => {
  const report = readNestedReport(console, ['one', 'two', 'three', 'four']);
  const exceptions = [
    { check: 'two', verdict: 'skip', reason: '' },
    { check: 'one', verdict: 'skip', reason: 'no longer so' },
  ] as const;
  assert.deepEqual(
    wrongChecks(report, []).map(({ name }) => name),
    ['two', 'three', 'four'],
  );
  assert.deepEqual(
    wrongChecks(report, exceptions).map(({ name }) => name),
    ['one', 'three', 'four'],
  );
});

test('an end that is not reached, a kernel that complains and a failed preparation are complaints', () => {
  const broken = 'NESTED module FAIL /kvm-hv.ko: No such device\n[ 3.1] WARNING: CPU: 0 PID: 1\n';
  const { complaints } = readNestedReport(broken, []);
  assert.equal(complaints.length, 3);
  assert.match(complaints.join('\n'), /WARNING[\s\S]*module: .*No such device[\s\S]*end/);
});

test('what two boots found out differs only where both passed', () => {
  const other = readNestedReport(console.replace('3 of 3', '2 of 3').replace('skip not', 'ok not'), ['one', 'two']);
  const apart = differingDetails(readNestedReport(console, ['one', 'two']), other);
  assert.deepEqual(apart, ['one: here "3 of 3", on QEMU "2 of 3"']);
});

test('exceptions name checks that there are, and machines have different names', async () => {
  const names = await checkNames();
  assert.ok(names.length > 30);
  assert.equal(new Set(names).size, names.length);
  for (const { check } of [...qemuExceptions, ...nestedMachines.flatMap(exceptionsOf)])
    assert.ok(names.includes(check));
  assert.equal(new Set(nestedMachines.map(({ name }) => name)).size, nestedMachines.length);
});
