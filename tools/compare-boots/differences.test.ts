// The comparison of two guests' reports finds what differs, and nothing in equal reports.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestReport } from '../../test/boot-matrix/report-guest.ts';
import { bootDifferences } from './differences.ts';

function report(changes: Partial<GuestReport> = {}): GuestReport {
  return {
    log: ['line', 'line', 'other'],
    probe: new Map([['status.systemCall', '0']]),
    auxiliary: new Map([
      [16, 0x1234n],
      [25, 0x7fff_0000n],
    ]),
    auxiliaryStrings: new Map([[15, 'power9']]),
    perCpu: [new Map([['status.systemCall', '0']])],
    vulnerabilities: new Map(),
    online: '0',
    cpuinfo: ['processor\t: 0'],
    interrupts: ['           CPU0', ' 16:        175  XIVE-IPI   0 Edge      IPI-0'],
    tree: new Map([['cpus/PowerPC,POWER9@0/reg', Uint8Array.of(0, 0, 0, 0)]]),
    ...changes,
  };
}

function keys(changes: Partial<GuestReport>): string[] {
  return bootDifferences(report(), report(changes)).map(({ key }) => key);
}

function connectors(...entries: readonly (readonly [number, string])[]): Map<string, Uint8Array> {
  const cells = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length);
    for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
    return bytes;
  };
  const strings = (texts: readonly string[]): Buffer =>
    Buffer.concat([cells(texts.length), Buffer.from(texts.map((text) => `${text}\0`).join(''))]);
  return new Map([
    ['ibm,drc-indexes', cells(entries.length, ...entries.map(([index]) => index))],
    ['ibm,drc-power-domains', cells(entries.length, ...entries.map(() => 0xffff_ffff))],
    ['ibm,drc-names', strings(entries.map(([, name]) => name))],
    ['ibm,drc-types', strings(entries.map(() => 'PHB'))],
  ]);
}

test('equal reports have no difference', () => {
  assert.deepEqual(keys({}), []);
});

test('counts of interrupts and addresses in the auxiliary vector are no difference', () => {
  const interrupts = ['           CPU0', ' 16:          3  XIVE-IPI   0 Edge      IPI-0'];
  const auxiliary = new Map([
    [16, 0x1234n],
    [25, 0x7ffe_0000n],
  ]);
  assert.deepEqual(keys({ interrupts, auxiliary }), []);
});

test('a line of the log that one has more often is a difference', () => {
  assert.deepEqual(keys({ log: ['other', 'line', 'new'] }), ['log QEMU: line', 'log Continuo: new']);
});

test('a property that differs, comes or goes is one difference each, whatever the number of the CPU', () => {
  assert.deepEqual(keys({ tree: new Map([['cpus/PowerPC,POWER9@0/reg', Uint8Array.of(1)]]) }), [
    'tree cpus/PowerPC,POWER/reg differs',
  ]);
  assert.deepEqual(keys({ tree: new Map([['model', Uint8Array.of(1)]]) }), [
    'tree cpus/PowerPC,POWER/reg only QEMU',
    'tree model only Continuo',
  ]);
});

test('connectors in another order are no difference, another connector is one', () => {
  const one = report({ tree: connectors([1, 'PHB 1'], [2, 'PHB 2']) });
  const turned = report({ tree: connectors([2, 'PHB 2'], [1, 'PHB 1']) });
  const other = report({ tree: connectors([1, 'PHB 2'], [2, 'PHB 1']) });
  assert.deepEqual(bootDifferences(one, turned), []);
  assert.deepEqual(
    bootDifferences(one, other).map(({ key }) => key),
    ['tree connectors differs'],
  );
});

test('bits of AT_HWCAP, strings, system calls on a CPU and the interrupt controller are compared', () => {
  assert.deepEqual(keys({ auxiliary: new Map([[16, 0n]]) }), ['auxiliary vector AT_HWCAP']);
  assert.deepEqual(keys({ auxiliaryStrings: new Map([[15, 'power8']]) }), ['auxiliary vector AT_PLATFORM']);
  assert.deepEqual(keys({ perCpu: [new Map([['status.systemCall', '132']])] }), ['program status.systemCall']);
  assert.equal(keys({ interrupts: ['           CPU0', ' 16: 175 XICS 2 Edge IPI'] }).length, 2);
});
