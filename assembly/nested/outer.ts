// What a vCPU keeps of the guest while it runs a guest of it, and how it comes back.
import * as L from '../generated/layout';
import * as R from '../supervisor/registers';

/** GPRs, CR, NIP, MSR and XER lie together in the state block. */
const firstBytes: usize = L.S_xerHidden - L.S_gpr;

/** Puts the guest's registers aside. */
export function saveOuter(cpu: usize): void {
  memory.copy(cpu + L.S_outer, cpu + L.S_gpr, firstBytes);
  for (let i = 0; i < L.outerSprCount; i++) {
    store<u64>(cpu + (i << 3), R.spr(cpu, load<u16>(L.outerSprs + (i << 1))), L.S_outerSpr);
  }
  store<u64>(cpu, load<u64>(cpu, L.S_tbOffset), L.S_outerTbOffset);
  store<u64>(cpu, load<u64>(cpu, L.S_purrOffset), L.S_outerPurrOffset);
  store<u64>(cpu, load<u64>(cpu, L.S_spurrOffset), L.S_outerSpurrOffset);
  store<u64>(cpu, load<u64>(cpu, L.S_vtbOffset), L.S_outerVtbOffset);
  store<i32>(cpu, load<i32>(cpu, L.S_pcrMask), L.S_outerPcrMask);
  const pending = load<i32>(cpu, L.S_pending);
  if (pending & L.PENDING_doorbell) {
    store<i32>(cpu, (pending & ~L.PENDING_doorbell) | L.PENDING_outerDoorbell, L.S_pending);
  }
}

/** Brings them back. */
export function restoreOuter(cpu: usize): void {
  memory.copy(cpu + L.S_gpr, cpu + L.S_outer, firstBytes);
  for (let i = 0; i < L.outerSprCount; i++) {
    R.setSpr(cpu, load<u16>(L.outerSprs + (i << 1)), load<u64>(cpu + (i << 3), L.S_outerSpr));
  }
  store<u64>(cpu, load<u64>(cpu, L.S_outerTbOffset), L.S_tbOffset);
  store<u64>(cpu, load<u64>(cpu, L.S_outerPurrOffset), L.S_purrOffset);
  store<u64>(cpu, load<u64>(cpu, L.S_outerSpurrOffset), L.S_spurrOffset);
  store<u64>(cpu, load<u64>(cpu, L.S_outerVtbOffset), L.S_vtbOffset);
  store<i32>(cpu, load<i32>(cpu, L.S_outerPcrMask), L.S_pcrMask);
  const pending = load<i32>(cpu, L.S_pending);
  const own = ~(L.PENDING_doorbell | L.PENDING_outerDoorbell | L.PENDING_mediated | L.PENDING_hypervisorDecrementer);
  store<i32>(cpu, (pending & own) | (pending & L.PENDING_outerDoorbell ? L.PENDING_doorbell : 0), L.S_pending);
}

/** MSR of the guest that was put aside. */
@inline export function outerMsr(cpu: usize): u64 {
  return load<u64>(cpu, L.S_outer + L.S_msr - L.S_gpr);
}
