// From a guest of the guest back to its hypervisor: H_ENTER_NESTED returns.
import * as L from '../generated/layout';
import { updateContext } from '../mmu/context';
import { tlbFlushAll } from '../mmu/tlb';
import { watchpointsChanged } from '../mmu/watchpoint';
import * as R from '../supervisor/registers';
import { readXer } from '../supervisor/spr';
import { now } from '../supervisor/time';
import * as G from './guest-state';
import { outerMsr, restoreOuter } from './outer';

/**
 * Ends a run: the guest's registers go into the two structures, its hypervisor's come back, and r3 there is `vector`. `nip` is
 * where the guest is to go on; `status` are the bits of HSRR1 that describe the interrupt.
 */
export function nestedLeave(cpu: usize, vector: i32, status: u64): void {
  G.useByteOrder((outerMsr(cpu) & R.MSR_LE) != 0);
  const at = G.structure(load<u64>(cpu, L.S_nestedState), G.STATE_V1_BYTES);
  const registers = G.structure(load<u64>(cpu, L.S_nestedRegisters), G.REGISTERS_BYTES);
  const suspended = (R.msr(cpu) & R.MSR_TS) != 0;
  writeRegisters(cpu, registers, status);
  writeState(cpu, at, vector);
  G.noteWritten(cpu, registers, <u32>G.REGISTERS_BYTES);
  G.noteWritten(cpu, at, <u32>G.STATE_V1_BYTES);
  store<i32>(cpu, 0, L.S_nested);
  restoreOuter(cpu);
  store<u64>(cpu, vector, L.S_gpr + 24);
  const msr = R.msr(cpu) & ~R.MSR_TS;
  store<u64>(cpu, suspended ? msr | ((<u64>1) << R.MSR_TS_SHIFT) : msr, L.S_msr);
  store<i32>(cpu, 0, L.S_exception);
  store<i32>(cpu, 0, L.S_exceptionAfter);
  store<u64>(cpu, 0, L.S_exceptionSrr1);
  store<i32>(cpu, 0, L.S_reserveHost);
  tlbFlushAll(cpu);
  watchpointsChanged(cpu);
  updateContext(cpu);
}

function writeRegisters(cpu: usize, at: usize, status: u64): void {
  for (let n = 0; n < 32; n++) G.put64(at, n << 3, load<u64>(cpu + L.S_gpr + (n << 3)));
  const msr = R.msr(cpu);
  const resume = load<u64>(cpu, L.S_nip) + (load<i32>(cpu, L.S_exceptionAfter) ? 4 : 0);
  G.put64(at, G.NIP, msr & R.MSR_SF ? resume : resume & 0xffffffff);
  G.put64(at, G.MSR, (msr & ~R.SRR1_STATUS) | status);
  G.put64(at, G.CTR, R.spr(cpu, R.SPR_CTR));
  G.put64(at, G.LINK, R.spr(cpu, R.SPR_LR));
  G.put64(at, G.XER, readXer(cpu));
  let cr: u64 = 0;
  for (let n = 0; n < 8; n++) cr = (cr << 4) | load<u8>(cpu + L.S_cr + n);
  G.put64(at, G.CCR, cr);
}

function writeState(cpu: usize, at: usize, vector: i32): void {
  for (let n = 0; n < G.PLAIN_COUNT; n++) G.put64(at, G.plainOffset(n), R.spr(cpu, G.plainSpr(n)));
  G.put64(at, G.DPDES, load<i32>(cpu, L.S_pending) & L.PENDING_doorbell ? 1 : 0);
  const time = now(cpu);
  G.put64(at, G.PURR, time + load<u64>(cpu, L.S_purrOffset));
  G.put64(at, G.SPURR, time + load<u64>(cpu, L.S_spurrOffset));
  G.put64(at, G.VTB, time + load<u64>(cpu, L.S_vtbOffset));
  if (vector == 0xe00) {
    G.put64(at, G.HDAR, R.spr(cpu, R.SPR_HDAR));
    G.put64(at, G.HDSISR, R.spr(cpu, R.SPR_HDSISR));
  }
  if (vector == 0xe00 || vector == 0xe20) G.put64(at, G.ASDR, R.spr(cpu, R.SPR_ASDR));
  if (vector == 0xe40) G.put64(at, G.HEIR, R.spr(cpu, R.SPR_HEIR));
  if (vector == 0xf80) {
    const cause = R.spr(cpu, R.SPR_HFSCR) & ~HFSCR_BITS;
    G.put64(at, G.HFSCR, (G.get64(at, G.HFSCR) & HFSCR_BITS) | cause);
  }
}

/** HFSCR without IC. */
const HFSCR_BITS: u64 = 0x00ff_ffff_ffff_ffff;
