// The reset state of a hardware thread by CPU model (Power ISA Book III section 7.5.1, and what a pseries guest finds).
import { modelBit, state, stateBytes } from '../cpu/state.ts';
import type { Vcpu } from '../cpu/vcpu.ts';
import type { CpuClass, Environment, Provision } from '../environment/index.ts';
import { vcpuId } from '../environment/index.ts';
import type { IsaVersion } from '../isa/version.ts';

/** Edition of the Power ISA that a class of CPUs has. */
export const editionOfClass: Readonly<Record<CpuClass['name'], IsaVersion>> = {
  POWER7: '2.06',
  POWER8: '2.07',
  POWER9: '3.0',
  POWER10: '3.1',
  POWER11: '3.1',
};

const editions = { '2.06': modelBit.isa206, '2.07': modelBit.isa207, '3.0': modelBit.isa300, '3.1': modelBit.isa310 };

/** Model bits of a class: its edition and all before it, radix translation from edition 3.0 on. */
export function modelBits(name: CpuClass['name']): number {
  let bits = 0;
  for (const [edition, bit] of Object.entries(editions)) {
    bits |= bit;
    if (edition === editionOfClass[name]) break;
  }
  return bits & modelBit.isa300 ? bits | modelBit.radix : bits;
}

/** Model bits that problem state lacks with this PCR: each bit takes away every edition after the one it names. */
export function pcrDisabledBits(pcr: bigint): number {
  const newest = modelBit.isa310;
  if (pcr & 0x2n) return modelBit.isa206 | modelBit.isa207 | modelBit.isa300 | newest;
  if (pcr & 0x4n) return modelBit.isa207 | modelBit.isa300 | newest;
  if (pcr & 0x8n) return modelBit.isa300 | newest;
  return pcr & 0x10n ? newest : 0;
}

const spr = { AMOR: 349, PVR: 287, PIR: 1023, TIR: 446, MMCR0: 795 } as const;
/** MMCR0[FC]: the counters are frozen. */
const freezeCounters = 0x8000_0000n;
/** DEC at reset: as far away as 32 bits allow. */
const resetDecrementer = 0x7fff_ffffn;

/** Puts a vCPU into its reset state, as the host gives it; the TLB and the translation context are the caller's. */
export function resetVcpuState(vcpu: Vcpu, environment: Environment, host: Provision, ticks: bigint): void {
  new Uint8Array(vcpu.view.buffer, vcpu.address, stateBytes).fill(0);
  const server = vcpuId(environment.smp, vcpu.index);
  vcpu.view.setInt32(state.index.offset, vcpu.index, true);
  vcpu.view.setInt32(state.server.offset, server, true);
  const model = modelBits(environment.cpu.class);
  vcpu.view.setInt32(state.model.offset, model, true);
  // XER[OV32] and XER[CA32] came with edition 3.0.
  vcpu.view.setBigUint64(state.xerHidden.offset, model & modelBit.isa300 ? 0n : 0xc_0000n, true);
  vcpu.view.setBigUint64(state.decExpiry.offset, ticks + resetDecrementer, true);
  vcpu.view.setBigUint64(state.fscrLost.offset, BigInt(host.fscrLost), true);
  vcpu.setSpr(spr.PVR, BigInt(host.pvr));
  vcpu.setSpr(spr.PIR, BigInt(server));
  vcpu.setSpr(spr.TIR, BigInt(vcpu.index % environment.smp.threads));
  vcpu.setSpr(spr.MMCR0, freezeCounters);
  vcpu.setSpr(spr.AMOR, 0xffff_ffff_ffff_ffffn);
}
