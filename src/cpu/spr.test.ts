// The register table and the SPRs that the data plane serves (Power ISA Book III, section 4.4.4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPlane, msr } from '../../test/data-plane-harness.ts';
import { classOfSpr, sprAttributes, sprClass, sprTable } from './spr-table.ts';
import { modelBit, state } from './state.ts';

test('numbers and, per number, names occur once', () => {
  const numbers = sprTable.map((spr) => spr.number);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.deepEqual(
    sprTable.filter((spr) => spr.problem !== '-' && spr.number & 0x10 && spr.number !== 896 && spr.number !== 898),
    [],
  );
});

test('only registers that every CPU has and that are plain values are moved without a check', () => {
  for (const spr of sprTable) {
    const kind = classOfSpr(spr.number);
    if (kind === sprClass.special || kind < 1024) continue;
    assert.equal(spr.kind, 'plain', spr.name);
    assert.equal(spr.since, '2.05', spr.name);
    assert.equal(spr.supervisor, 'rw', spr.name);
  }
  assert.equal(classOfSpr(8), 8);
  assert.equal(classOfSpr(26), sprClass.plainSupervisor);
  assert.equal(classOfSpr(882), sprClass.special);
});

test('a privileged move to or from a register that does not exist does nothing', () => {
  const plane = new DataPlane();
  for (const n of [882, 318, 190, 999]) {
    assert.equal(plane.on(0, 'moveFromSpr', n, 77n), 77n);
    plane.on(0, 'moveToSpr', n, 1n);
    assert.equal(plane.takeException(0), undefined);
  }
  plane.on(0, 'moveToSpr', 0, 1n);
  assert.equal(plane.takeException(0)?.srr1, 0x80000n);
});

test('problem state: privileged numbers raise privileged, unknown ones illegal', () => {
  const plane = new DataPlane();
  plane.setMsr(0, msr.user);
  const reason = (n: number) => {
    plane.on(0, 'moveFromSpr', n, 0n);
    return plane.takeException(0)?.srr1;
  };
  assert.equal(reason(287), 0x40000n);
  assert.equal(reason(882), 0x40000n);
  assert.equal(reason(899 & ~0x10), 0x80000n);
  assert.equal(reason(268), undefined);
  assert.equal(reason(808), undefined);
});

test('every readable register reads back what supervisor state wrote, or is special', () => {
  const special = [1, 13, 22, 29, 48, 136, 152, 800, 801, 802, 803, 898];
  const attributes = sprAttributes();
  const plane = new DataPlane();
  for (const spr of sprTable) {
    if (spr.supervisor !== 'rw' || special.includes(spr.number) || spr.facility === 5) continue;
    plane.on(0, 'moveToSpr', spr.number, 0x123456789abcdef0n);
    const known = spr.since !== '3.1' && spr.until !== '2.07';
    const expected = known ? (spr.width === 32 ? 0x9abcdef0n : 0x123456789abcdef0n) : 5n;
    assert.equal(plane.on(0, 'moveFromSpr', spr.number, 5n), expected, spr.name);
    assert.notEqual(attributes[spr.number], 0);
  }
});

test('XER is assembled from its parts', () => {
  const plane = new DataPlane();
  plane.on(0, 'moveToSpr', 1, 0xffffffffffffffffn);
  assert.equal(plane.on(0, 'moveFromSpr', 1, 0n), 0xe00c007fn);
  plane.on(0, 'moveToSpr', 1, 0x20000005n);
  assert.equal(plane.cpu(0).view.getBigUint64(state.ca.offset, true), 1n);
  assert.equal(plane.cpu(0).view.getBigUint64(state.so.offset, true), 0n);
  assert.equal(plane.on(0, 'moveFromSpr', 1, 0n), 0x20000005n);
});

test('the user number of AMR changes only what UAMOR allows', () => {
  const plane = new DataPlane();
  plane.on(0, 'moveToSpr', 29, 0xff00n);
  plane.cpu(0).setSpr(157, 0x0ff0n);
  plane.setMsr(0, msr.user);
  plane.on(0, 'moveToSpr', 13, 0x00f0n);
  assert.equal(plane.on(0, 'moveFromSpr', 13, 0n), 0xf0f0n);
});

test('in supervisor state both numbers of AMR change all of it', () => {
  const plane = new DataPlane();
  for (const [number, value] of [
    [13, 0xff00n],
    [29, 0x1234n],
    [13, 0n],
  ] as const) {
    plane.on(0, 'moveToSpr', number, value);
    assert.equal(plane.on(0, 'moveFromSpr', 29, 1n), value);
  }
});

test('TAR and DSCR of problem state obey FSCR, and TM registers are unavailable everywhere', () => {
  const plane = new DataPlane();
  plane.on(0, 'moveToSpr', 815, 4n);
  plane.on(0, 'moveFromSpr', 128, 0n);
  assert.equal(plane.takeException(0)?.vector, 0xf60);
  plane.setMsr(0, msr.user);
  plane.on(0, 'moveFromSpr', 815, 0n);
  assert.equal(plane.takeException(0)?.vector, 0xf60);
  assert.equal(plane.cpu(0).spr(153) >> 56n, 8n);
  plane.setSpr(0, 153, 0x104n);
  assert.equal(plane.on(0, 'moveFromSpr', 815, 0n), 4n);
  plane.on(0, 'moveToSpr', 3, 9n);
  assert.equal(plane.cpu(0).spr(17), 9n);
});

test('PIDR is there from edition 3.0 on', () => {
  const plane = new DataPlane();
  plane.cpu(0).view.setInt32(state.model.offset, modelBit.isa206 | modelBit.isa207, true);
  plane.on(0, 'moveToSpr', 48, 7n);
  assert.equal(plane.on(0, 'moveFromSpr', 48, 1n), 1n);
  plane.cpu(0).view.setInt32(state.model.offset, 7, true);
  plane.on(0, 'moveToSpr', 48, 7n);
  assert.equal(plane.on(0, 'moveFromSpr', 48, 1n), 7n);
});

test('the timebase is ticks plus its offset; the upper word has a number of its own', () => {
  const plane = new DataPlane();
  plane.ticks = 0x1_2345_6789n;
  plane.setState64(0, 'tbOffset', 0x10n);
  assert.equal(plane.on(0, 'moveFromSpr', 268, 0n), 0x1_2345_6799n);
  assert.equal(plane.on(0, 'moveFromSpr', 269, 0n), 1n);
});

test('MMCR0[PMCC] says what problem state may do with the performance monitor', () => {
  const groupA = [769, 770, 771, 772, 773, 774, 775, 776, 779];
  // Problem state's read and write by PMCC: allowed, unavailable (0xF60 with cause 4), illegal.
  const rules = [
    ['allowed', 'illegal'],
    ['unavailable', 'unavailable'],
    ['allowed', 'allowed'],
    ['allowed', 'allowed'],
  ] as const;
  rules.forEach(([read, write], control) => {
    for (const n of groupA) {
      const plane = new DataPlane();
      plane.setSpr(0, 795, BigInt(control) << 18n);
      plane.setMsr(0, msr.user);
      const outcome = () => {
        const raised = plane.takeException(0);
        if (raised === undefined) return 'allowed';
        if (raised.vector === 0xf60 && plane.cpu(0).spr(153) >> 56n === 4n) return 'unavailable';
        return raised.srr1 === 0x80000n ? 'illegal' : 'other';
      };
      const denied = control === 3 && (n === 775 || n === 776);
      plane.on(0, 'moveFromSpr', n, 0n);
      assert.equal(outcome(), denied ? 'unavailable' : read, `read ${n}, PMCC ${control}`);
      plane.on(0, 'moveToSpr', n, 1n);
      assert.equal(outcome(), denied ? 'unavailable' : write, `write ${n}, PMCC ${control}`);
    }
  });
});

test('problem state sees and changes its own bits of MMCR0 and MMCR2 only', () => {
  const plane = new DataPlane();
  const pmcc = 2n << 18n;
  plane.setSpr(0, 795, 0x40ffn | pmcc);
  plane.setMsr(0, msr.user);
  assert.equal(plane.on(0, 'moveFromSpr', 779, 0n), 0x80n);
  plane.on(0, 'moveToSpr', 779, (1n << 64n) - 1n);
  assert.equal(plane.cpu(0).spr(795), 0x8400_40ffn | pmcc);
  plane.on(0, 'moveToSpr', 769, (1n << 64n) - 1n);
  assert.equal(plane.cpu(0).spr(785), 0x4020_1008_0402_0000n);
  plane.setMsr(0, msr.kernel);
  plane.on(0, 'moveToSpr', 779, 5n);
  assert.equal(plane.on(0, 'moveFromSpr', 795, 0n), 5n);
});

test('the upper words of BESCR have numbers of their own', () => {
  const plane = new DataPlane();
  plane.on(0, 'moveToSpr', 806, 0x1234_5678_9abc_def0n);
  assert.equal(plane.on(0, 'moveFromSpr', 801, 0n), 0x1234_5678n);
  assert.equal(plane.on(0, 'moveFromSpr', 803, 0n), 0x1234_5678n);
  assert.equal(plane.on(0, 'moveFromSpr', 800, 0n), 0x1234_5678_9abc_def0n);
});
