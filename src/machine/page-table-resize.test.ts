// Changes of the hash page table's size: order of the checks, and guests that have none. (PAPR, "HPT resizing")
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate, findProfile, type Request } from '../environment/index.ts';
import type { Hypercall } from '../papr/hypercalls/types.ts';
import { lpcrBit } from '../papr/registers.ts';
import { resizeHypercalls } from './page-table-resize.ts';

/** A machine's two calls; `cleared` and `moved` are what was asked of the table. */
function machine(request: Request = {}) {
  const profile = findProfile('engine');
  assert.ok(profile);
  const { environment } = evaluate({ cpu: 'power9', memory: '512M', ...request }, profile);
  const log: string[] = [];
  const state = { radix: false, fits: 1 };
  const handlers = resizeHypercalls(environment, {
    hptPlaces: { bases: [0x1000_0000, 0x2000_0000], capacity: 2 ** 24 },
    dataPlane: {
      hptClear: (at, bytes) => void log.push(`clear ${at.toString(16)} ${Math.log2(bytes)}`),
      hptRehash: (to, bytes) => {
        log.push(`move ${to.toString(16)} ${Math.log2(bytes)}`);
        return state.fits;
      },
    },
  });
  const call = (name: string, flags: bigint, shift: bigint): number => {
    // The handlers look at LPCR and the arguments only.
    const hypercall = {
      vcpu: { spr: () => (state.radix ? lpcrBit.HR : 0n) },
      argument: (n: number) => [flags, shift][n] ?? 0n,
    } as unknown as Hypercall;
    const handler = handlers[`H_RESIZE_HPT_${name}`];
    assert.ok(handler);
    return Number(handler(hypercall));
  };
  return { log, state, call };
}

const [success, closed, notAvailable, parameter, full, authority, resource] = [0, 2, 3, -4, -6, -10, -16];

test('a table is prepared once and moved; the two places take turns', () => {
  const { log, call } = machine();
  assert.equal(call('COMMIT', 0n, 20n), closed);
  assert.equal(call('PREPARE', 0n, 20n), success);
  assert.equal(call('PREPARE', 0n, 20n), success);
  assert.equal(call('COMMIT', 0n, 21n), closed);
  assert.equal(call('COMMIT', 0n, 20n), success);
  assert.equal(call('COMMIT', 0n, 20n), closed);
  assert.equal(call('PREPARE', 0n, 18n), success);
  assert.equal(call('COMMIT', 0n, 18n), success);
  assert.deepEqual(log, ['clear 20000000 20', 'move 20000000 20', 'clear 10000000 18', 'move 10000000 18']);
});

test('a table that was given up, or that lost entries, is not moved to', () => {
  const { log, state, call } = machine();
  assert.equal(call('PREPARE', 0n, 20n), success);
  assert.equal(call('PREPARE', 0n, 0n), success);
  assert.equal(call('COMMIT', 0n, 20n), closed);
  state.fits = 0;
  assert.equal(call('PREPARE', 0n, 18n), success);
  assert.equal(call('COMMIT', 0n, 18n), full);
  assert.equal(call('COMMIT', 0n, 18n), closed);
  state.fits = 1;
  assert.equal(call('PREPARE', 0n, 18n), success);
  assert.equal(call('COMMIT', 0n, 18n), success);
  assert.equal(log.at(-1), 'move 20000000 18');
});

test('sizes that no table has or the machine has no room for, flags, radix guests, and resize-hpt=disabled', () => {
  const { state, call } = machine();
  assert.equal(call('PREPARE', 0n, 17n), parameter);
  assert.equal(call('PREPARE', 0n, 47n), parameter);
  assert.equal(call('PREPARE', 0n, 25n), resource);
  assert.equal(call('PREPARE', 1n, 20n), parameter);
  assert.equal(call('COMMIT', 1n, 20n), parameter);
  state.radix = true;
  assert.equal(call('PREPARE', 1n, 20n), notAvailable);
  assert.equal(call('COMMIT', 1n, 20n), notAvailable);
  const disabled = machine({ 'resize-hpt': 'disabled' });
  disabled.state.radix = true;
  assert.equal(disabled.call('PREPARE', 1n, 20n), authority);
  assert.equal(disabled.call('COMMIT', 1n, 20n), authority);
});
