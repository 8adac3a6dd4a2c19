// H_ENTER_NESTED: the guest, as a hypervisor, has one of its guests run.
import * as L from '../generated/layout';
import { H_SUCCESS, H_NOT_AVAILABLE, H_PARAMETER, H_BAD_MODE } from '../hypercall';
import { endDoomed, implemented, withProblemState } from '../interrupts/system-call';
import { updateContext } from '../mmu/context';
import { partitionEntries } from '../mmu/partition';
import { tlbFlushAll } from '../mmu/tlb';
import { watchpointsChanged } from '../mmu/watchpoint';
import * as R from '../supervisor/registers';
import { writeXer } from '../supervisor/spr';
import { hypervisorDecrementerExpired, now } from '../supervisor/time';
import { hasTransactions, stateOfTransaction } from '../supervisor/transaction';
import * as G from './guest-state';
import { saveOuter } from './outer';

/** Numbers of its guests' vCPUs that a hypervisor may give. */
const VCPU_TOKENS: u32 = 2048;
const SUSPENDED: u64 = 1;
const TRANSACTIONAL: u64 = 2;

// Bits that match in hypervisor state: never.
const DAWRX_HYP: u64 = 4;
const CIABR_PRIV: u64 = 3;

/**
 * r4 and r5 of the caller are the real addresses of the two structures. H_SUCCESS: the vCPU's registers are the guest's now,
 * and `nestedLeave` will end the call; PCR's effects are the caller's to bring up to date. Else nothing has changed.
 */
export function nestedEnter(cpu: usize): i32 {
  const table = load<u64>(L.W_partitionTable);
  if (table == 0) return H_NOT_AVAILABLE;
  const outer = R.msr(cpu);
  const own = stateOfTransaction(outer);
  if (own == TRANSACTIONAL) return H_BAD_MODE;
  G.useByteOrder((outer & R.MSR_LE) != 0);
  const stateAddress = load<u64>(cpu, L.S_gpr + 32);
  const registersAddress = load<u64>(cpu, L.S_gpr + 40);
  let at = G.structure(stateAddress, 8);
  if (at == 0) return H_PARAMETER;
  const version = G.get64(at, G.VERSION);
  if (version != 1 && version != 2) return H_PARAMETER;
  at = G.structure(stateAddress, version == 1 ? G.STATE_V1_BYTES : G.STATE_V2_BYTES);
  const registers = G.structure(registersAddress, G.REGISTERS_BYTES);
  if (at == 0 || registers == 0) return H_PARAMETER;
  if (G.get32(at, G.VCPU_TOKEN) >= VCPU_TOKENS) return H_PARAMETER;
  const msr = G.get64(registers, G.MSR);
  if (hasTransactions(cpu) && (own == SUSPENDED) != (stateOfTransaction(msr) != 0)) return H_BAD_MODE;
  const lpid = G.get32(at, G.LPID);
  if (<u64>lpid >= partitionEntries(table)) return H_PARAMETER;
  saveOuter(cpu);
  store<i32>(cpu, 1, L.S_nested);
  store<u32>(cpu, lpid, L.S_nestedLpid);
  store<u64>(cpu, stateAddress, L.S_nestedState);
  store<u64>(cpu, registersAddress, L.S_nestedRegisters);
  readState(cpu, at, version);
  readRegisters(cpu, registers, msr);
  store<i32>(cpu, 0, L.S_reserveHost);
  tlbFlushAll(cpu);
  watchpointsChanged(cpu);
  updateContext(cpu);
  endDoomed(cpu);
  return H_SUCCESS;
}

function readRegisters(cpu: usize, at: usize, msr: u64): void {
  for (let n = 0; n < 32; n++) store<u64>(cpu + L.S_gpr + (n << 3), G.get64(at, n << 3));
  const given = withProblemState((msr & implemented(cpu)) | R.MSR_ME);
  store<u64>(cpu, given, L.S_msr);
  const nip = G.get64(at, G.NIP) & ~3;
  store<u64>(cpu, given & R.MSR_SF ? nip : nip & 0xffffffff, L.S_nip);
  R.setSpr(cpu, R.SPR_CTR, G.get64(at, G.CTR));
  R.setSpr(cpu, R.SPR_LR, G.get64(at, G.LINK));
  writeXer(cpu, G.get64(at, G.XER));
  const cr = G.get64(at, G.CCR);
  for (let n = 0; n < 8; n++) store<u8>(cpu + L.S_cr + n, <u8>(cr >> (28 - (n << 2))) & 15);
}

function readState(cpu: usize, at: usize, version: u64): void {
  const lpcr = lpcrOf(R.spr(cpu, R.SPR_LPCR), G.get64(at, G.LPCR));
  R.setSpr(cpu, R.SPR_LPCR, lpcr);
  // A guest is held to what holds its hypervisor.
  const pcrBits: u64 = R.hasModel(cpu, L.MODEL_isa310) ? 0x1e : 0xe;
  R.setSpr(cpu, R.SPR_PCR, R.spr(cpu, R.SPR_PCR) | (G.get64(at, G.PCR) & pcrBits));
  R.setSpr(cpu, R.SPR_HFSCR, G.get64(at, G.HFSCR));
  for (let n = 0; n < G.PLAIN_COUNT; n++) R.setSpr(cpu, G.plainSpr(n), G.get64(at, G.plainOffset(n)));
  R.setSpr(cpu, R.SPR_PIDR, R.spr(cpu, R.SPR_PIDR) & 0xffffffff);
  R.setSpr(cpu, R.SPR_DAWR0, G.get64(at, G.DAWR0));
  R.setSpr(cpu, R.SPR_DAWRX0, G.get64(at, G.DAWRX0) & 0xffffffff & ~DAWRX_HYP);
  R.setSpr(cpu, R.SPR_DAWR1, version == 1 ? 0 : G.get64(at, G.DAWR1));
  R.setSpr(cpu, R.SPR_DAWRX1, version == 1 ? 0 : G.get64(at, G.DAWRX1) & 0xffffffff & ~DAWRX_HYP);
  const ciabr = G.get64(at, G.CIABR);
  R.setSpr(cpu, R.SPR_CIABR, (ciabr & CIABR_PRIV) == CIABR_PRIV ? ciabr & ~CIABR_PRIV : ciabr);
  const time = now(cpu);
  store<u64>(cpu, G.get64(at, G.HDEC_EXPIRY) - load<u64>(cpu, L.S_tbOffset), L.S_hdecExpiry);
  store<u64>(cpu, load<u64>(cpu, L.S_tbOffset) + G.get64(at, G.TB_OFFSET), L.S_tbOffset);
  store<u64>(cpu, G.get64(at, G.PURR) - time, L.S_purrOffset);
  store<u64>(cpu, G.get64(at, G.SPURR) - time, L.S_spurrOffset);
  store<u64>(cpu, G.get64(at, G.VTB) - time, L.S_vtbOffset);
  let pending = load<i32>(cpu, L.S_pending);
  if (hypervisorDecrementerExpired(cpu)) pending |= L.PENDING_hypervisorDecrementer;
  if (G.get64(at, G.DPDES) & 1) pending |= L.PENDING_doorbell;
  if (lpcr & R.LPCR_MER) pending |= L.PENDING_mediated;
  store<i32>(cpu, pending, L.S_pending);
}

/** LPCR: what the hypervisor may choose for its guests, the rest as its own. AIL is 0 or 3. */
function lpcrOf(own: u64, wanted: u64): u64 {
  const mask = load<u64>(L.W_nestedLpcr);
  const lpcr = (own & ~mask & ~(R.LPCR_AIL | R.LPCR_MER)) | (wanted & mask);
  return (lpcr & R.LPCR_AIL) == R.LPCR_AIL ? lpcr : lpcr & ~R.LPCR_AIL;
}
