// Interrupt delivery, system calls and returns of the data plane (Power ISA Book III, section 7.5).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPlane, msr } from '../../test/data-plane-harness.ts';
import { facilityBit, modelBit, pendingInterrupt, state } from './state.ts';

const lpcr = { ile: 0x2000000n, ail2: 0x1000000n, ail3: 0x1800000n, ld: 0x20000n } as const;

function machine(lpcrValue: bigint, msrValue: bigint = msr.user): DataPlane {
  const plane = new DataPlane();
  plane.setSpr(0, 318, lpcrValue);
  plane.setMsr(0, msrValue);
  plane.cpu(0).nip = 0x10000458n;
  return plane;
}

const context = (plane: DataPlane) => {
  const cpu = plane.cpu(0);
  return { nip: cpu.nip, msr: cpu.msr, srr0: cpu.spr(26), srr1: cpu.spr(27) };
};

test('an interrupt with AIL 3 keeps translation on and goes to the alternate vector', () => {
  const plane = machine(lpcr.ile | lpcr.ail3);
  plane.on(0, 'raise', 0x400, 0x40000000n);
  plane.on(0, 'deliver');
  assert.deepEqual(context(plane), {
    nip: 0xc000000000004400n,
    msr: 0x8000000000001031n,
    srr0: 0x10000458n,
    srr1: msr.user | 0x40000000n,
  });
  assert.equal(plane.state32(0, 'exception'), 0);
});

test('without AIL, in real mode, and for system reset the vector is the real one', () => {
  const plane = machine(lpcr.ile);
  plane.on(0, 'raise', 0x300, 0n);
  plane.on(0, 'deliver');
  assert.equal(plane.cpu(0).nip, 0x300n);
  assert.equal(plane.cpu(0).msr, 0x8000000000001001n);

  plane.setSpr(0, 318, lpcr.ail3);
  plane.on(0, 'raise', 0x700, 0x20000n);
  plane.on(0, 'deliver');
  assert.equal(plane.cpu(0).nip, 0x700n);
  assert.equal(plane.cpu(0).msr, 0x8000000000001000n);

  plane.setMsr(0, msr.kernel);
  plane.cpu(0).pending = pendingInterrupt.systemReset | pendingInterrupt.external;
  assert.equal(plane.on(0, 'deliverPending'), 1);
  assert.equal(plane.cpu(0).nip, 0x100n);
  assert.equal(plane.cpu(0).pending, pendingInterrupt.external);
});

test('AIL 2 is an offset of 0x18000 before POWER10 and nothing from it on', () => {
  const plane = machine(lpcr.ail2);
  plane.on(0, 'raise', 0xc00, 0n);
  plane.on(0, 'deliver');
  assert.equal(plane.cpu(0).nip, 0x18c00n);
  const { isa206, isa207, isa300, isa310 } = modelBit;
  plane.cpu(0).view.setInt32(state.model.offset, isa206 | isa207 | isa300 | isa310, true);
  plane.setMsr(0, msr.user);
  plane.on(0, 'raise', 0xc00, 0n);
  plane.on(0, 'deliver');
  assert.equal(plane.cpu(0).nip, 0xc00n);
});

test('sc saves the next instruction, and its 32-bit form', () => {
  const plane = machine(lpcr.ile | lpcr.ail3);
  plane.on(0, 'systemCall', 0);
  plane.on(0, 'deliver');
  assert.deepEqual(context(plane), {
    nip: 0xc000000000004c00n,
    msr: 0x8000000000001031n,
    srr0: 0x1000045cn,
    srr1: msr.user,
  });

  plane.setMsr(0, msr.user & ~(1n << 63n));
  plane.cpu(0).nip = 0xfffffffcn;
  plane.on(0, 'systemCall', 0);
  plane.on(0, 'deliver');
  assert.equal(plane.cpu(0).spr(26), 0n);
});

test('scv without the facility raises 0xF60 with cause 0x0C in place of an older cause', () => {
  const plane = machine(lpcr.ile | lpcr.ail3);
  plane.setSpr(0, 153, 0x0800000000000100n);
  plane.on(0, 'systemCallVectored', 0);
  assert.equal(plane.takeException(0)?.vector, 0xf60);
  assert.equal(plane.cpu(0).spr(153), 0x0c00000000000100n);
});

test('scv saves LR and CTR, keeps EE and RI, and rfscv undoes it', () => {
  const plane = machine(lpcr.ile | lpcr.ail3);
  plane.setSpr(0, 153, 0x1000n);
  plane.on(0, 'systemCallVectored', 3);
  const cpu = plane.cpu(0);
  assert.equal(plane.takeException(0), undefined);
  assert.equal(cpu.nip, 0xc000000000003060n);
  assert.equal(cpu.msr, 0x8000000000009033n);
  assert.equal(cpu.spr(8), 0x1000045cn);
  assert.equal(cpu.spr(9), msr.user);

  plane.on(0, 'returnFromScv');
  assert.equal(cpu.nip, 0x1000045cn);
  assert.equal(cpu.msr, msr.user);
});

test('rfid restores MSR but not ME and HV, PR brings EE, IR and DR, and the status bits of SRR1 stay out', () => {
  const plane = machine(0n, msr.real);
  const cpu = plane.cpu(0);
  cpu.setSpr(26, 0x10000403n);
  cpu.setSpr(27, 0x900000004280e000n);
  plane.on(0, 'returnFromInterrupt');
  assert.equal(cpu.nip, 0x10000400n);
  assert.equal(cpu.msr, 0x800000000280f030n);
  assert.equal(plane.state32(0, 'facilities') & (facilityBit.FP | facilityBit.VEC | facilityBit.VSX), 7);
});

test('rfid to 32-bit big-endian real mode', () => {
  const plane = machine(0n, msr.real);
  const cpu = plane.cpu(0);
  cpu.setSpr(26, 0x1_0000_010cn);
  cpu.setSpr(27, 0x1002n);
  plane.on(0, 'returnFromInterrupt');
  assert.equal(cpu.nip, 0x10cn);
  assert.equal(cpu.msr, 0x1002n);
});

test('mtmsrd L=1 changes EE and RI only, and a waiting external interrupt is taken at once', () => {
  const plane = machine(lpcr.ile | lpcr.ail3, msr.kernel & ~2n);
  const cpu = plane.cpu(0);
  plane.on(0, 'moveToMsr', 0xffffffffffff7fffn, 1);
  assert.equal(cpu.msr, msr.kernel);

  cpu.pending = pendingInterrupt.external;
  cpu.nip = 0xc000000000001000n;
  plane.on(0, 'moveToMsr', 0x8000n, 1);
  assert.equal(cpu.nip, 0xc000000000004500n);
  assert.equal(cpu.spr(26), 0xc000000000001000n);
  assert.equal(cpu.spr(27), (msr.kernel & ~2n) | 0x8000n);
  assert.equal(cpu.msr & 0x8000n, 0n);
});

test('mtmsr leaves the upper word, mtmsrd sets it; LE and ME stay', () => {
  const plane = machine(0n, msr.kernel);
  plane.on(0, 'moveToMsr', 0x2002n, 2);
  assert.equal(plane.cpu(0).msr, 0x8000000000003003n);
  plane.on(0, 'moveToMsr', 0x2002n, 0);
  assert.equal(plane.cpu(0).msr, 0x3003n);
});

test('the decrementer interrupt follows the sign of DEC, 56 or 32 bits wide', () => {
  const plane = machine(lpcr.ile | lpcr.ail3 | lpcr.ld, msr.kernel | 0x8000n);
  const cpu = plane.cpu(0);
  plane.on(0, 'moveToSpr', 22, 100n);
  assert.equal(plane.timerChanges, 1);
  assert.equal(plane.on(0, 'moveFromSpr', 22, 0n), 100n);
  assert.equal(plane.on(0, 'deliverPending'), 0);
  plane.ticks += 101n;
  cpu.pending = pendingInterrupt.decrementer;
  assert.equal(plane.on(0, 'moveFromSpr', 22, 0n), 0xffffffffffffffffn);
  assert.equal(plane.on(0, 'deliverPending'), 1);
  assert.equal(cpu.nip, 0xc000000000004900n);
  assert.equal(cpu.pending, pendingInterrupt.decrementer);
  plane.on(0, 'moveToSpr', 22, 0x7fffffffn);
  assert.equal(cpu.pending, 0);

  plane.on(0, 'moveToSpr', 22, 0x0080000000000000n);
  assert.equal(cpu.pending, pendingInterrupt.decrementer);
  plane.setSpr(0, 318, 0n);
  plane.on(0, 'moveToSpr', 22, 0x0080000000000001n);
  assert.equal(cpu.pending, 0);
  assert.equal(plane.on(0, 'moveFromSpr', 22, 0n), 1n);
  plane.on(0, 'moveToSpr', 22, 0x80000000n);
  assert.equal(cpu.pending, pendingInterrupt.decrementer);
});

test('up to edition 2.07 DSISR of an alignment interrupt describes the instruction', () => {
  const { isa206, isa207, isa300 } = modelBit;
  const dsisr = (model: number, word: number, littleEndian: boolean): bigint => {
    const plane = machine(0n, littleEndian ? 0x8000000000001003n : 0x8000000000001002n);
    const cpu = plane.cpu(0);
    cpu.view.setInt32(state.model.offset, model, true);
    cpu.nip = 0x1_0000n;
    plane.view.setUint32(plane.ramBase + 0x1_0000, word, littleEndian);
    cpu.setSpr(18, 0x55n);
    plane.on(0, 'raiseAlignment', 0x123n);
    plane.on(0, 'deliver');
    assert.equal(cpu.nip, 0x600n);
    return cpu.spr(18);
  };
  // Extended opcode bits 21:30 of form X; lwarx has 0b0000010100: bits 29:30 are 00, bit 25 is 1, bits 21:24 are 0.
  const lwarx = (31 << 26) | (5 << 21) | (6 << 16) | (7 << 11) | (20 << 1);
  assert.equal(dsisr(isa206, lwarx >>> 0, false), (5n << 5n) | 6n);
  // ldarx r5, r6, r7: extended opcode 84 = 0b0001010100.
  const ldarx = (31 << 26) | (5 << 21) | (6 << 16) | (7 << 11) | (84 << 1);
  assert.equal(dsisr(isa206 | isa207, ldarx >>> 0, true), (1n << 10n) | (5n << 5n) | 6n);
  // std r5, 8(r6) has the form DS: bits 30:31 and the primary opcode 62 = 0b111110.
  assert.equal(
    dsisr(isa206 | isa207, ((62 << 26) | (5 << 21) | (6 << 16) | 8) >>> 0, false),
    (0b1111n << 10n) | (5n << 5n) | 6n,
  );
  // lha r5, 2(r6): primary opcode 42 = 0b101010; stfd f1, 0(r2): 54 = 0b110110; lhau: 43.
  assert.equal(
    dsisr(isa206, ((43 << 26) | (5 << 21) | (6 << 16) | 2) >>> 0, false),
    (1n << 14n) | (0b0101n << 10n) | (5n << 5n) | 6n,
  );
  assert.equal(dsisr(isa206 | isa207 | isa300, lwarx >>> 0, false), 0x55n);
});
