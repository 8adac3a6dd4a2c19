// The log has what was asked for and costs nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { state } from '../cpu/state.ts';
import { Vcpu } from '../cpu/vcpu.ts';
import { guestLog } from './guest-log.ts';
import type { LogItem } from './machine-api.ts';

function vcpuWith(gprs: Readonly<Record<number, bigint>>): Vcpu {
  const bytes = Math.max(...Object.values(state).map(({ offset }) => offset)) + 65536;
  const vcpu = new Vcpu(new ArrayBuffer(bytes), 0, 1);
  for (const [number, value] of Object.entries(gprs)) vcpu.setGpr(Number(number), value);
  return vcpu;
}

function collected(items: readonly LogItem[]) {
  const lines: [LogItem, string][] = [];
  return { lines, log: guestLog(items, (item, line) => lines.push([item, line])) };
}

test('nothing is watched for items that need no watching', () => {
  assert.deepEqual(
    guestLog(['guest_errors', 'unimp'], () => {}),
    {},
  );
});

test('in_asm shows address, word and text', () => {
  const { lines, log } = collected(['in_asm']);
  log.decoded?.(0x400000, 0x38600001);
  assert.deepEqual(lines, [['in_asm', '0x00400000:  38600001  addi r3,0,1']]);
  assert.equal(log.interrupted, undefined);
});

test('int shows hypercalls by name with arguments and result, and interrupts with their place', () => {
  const { lines, log } = collected(['int']);
  const vcpu = vcpuWith({ 3: 2n ** 64n - 2n });
  vcpu.nip = 0xc000n;
  vcpu.msr = 0x8000000000001033n;
  log.hypercall?.(vcpu, [0x58n, 1n, 2n, 3n, 4n]);
  log.hypercall?.(vcpu, [0x9998n, 0n, 0n, 0n, 0n]);
  log.interrupted?.(vcpu, 0x900);
  assert.deepEqual(lines, [
    ['int', 'vCPU 1: H_PUT_TERM_CHAR(0x1, 0x2, 0x3, 0x4) gives -2'],
    ['int', 'vCPU 1: hypercall 0x9998(0x0, 0x0, 0x0, 0x0) gives -2'],
    ['int', 'vCPU 1: decrementer interrupt 0x900 at 000000000000c000, MSR 8000000000001033'],
  ]);
});

test('cpu shows all registers at each interrupt', () => {
  const { lines, log } = collected(['cpu']);
  log.interrupted?.(vcpuWith({ 31: 0xabcdn }), 0x300);
  const text = lines.filter(([item]) => item === 'cpu').map(([, line]) => line);
  assert.equal(text.length, 11);
  assert.match(text.at(-1) ?? '', /^GPR28 .* 000000000000abcd$/);
});
