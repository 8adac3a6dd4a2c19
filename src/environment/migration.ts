// The third question: may a guest move there? The decision table of section 10.4, with all reasons, on top of provide().
import { type CapabilityName, capabilityRows } from './capabilities.ts';
import { type LevelName, pvrMatches } from './cpu-models.ts';
import { decide, evaluate } from './decide.ts';
import type { HostProfile } from './host-profile.ts';
import { findMachineType } from './machine-types.ts';
import type { Code, Reason } from './reasons.ts';
import type { Request } from './request.ts';
import type { Environment } from './types.ts';

/** What the running guest has negotiated; a part that is left out is not looked at. */
export interface GuestState {
  /** Level set by CAS, or `raw`. */
  readonly level?: LevelName | 'raw';
  /** LPCR[AIL] of its CPUs. */
  readonly ail?: number;
  readonly mmu?: 'hash' | 'radix';
  readonly irq?: 'xics' | 'xive';
}

/** One end of a move: options and host. */
export interface MigrationEnd {
  readonly request: Request;
  readonly host: HostProfile;
}

/** The answer of a migration check. */
export interface MigrationDecision {
  readonly verdict: 'possible' | 'refused';
  /** Every reason, in the order of the decision table. */
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

/** The real PVR that a guest sees on a host. */
function realPvr(environment: Environment, host: HostProfile): number {
  return Number(host.accelerator === 'kvm' && host.cpuRule === 'class' ? host.pvr : environment.cpu.pvr);
}

/** Whether a host can set a level on the CPU of an environment. */
function canSetLevel(environment: Environment, host: HostProfile, level: LevelName): boolean {
  const known = environment.levels.some((view) => view.name === level);
  return known && (host.accelerator === 'engine' || host.compatRegister !== 'refuses');
}

/** The items that must be equal besides capabilities and the interrupt offer (section 10.1). */
const equalItems: readonly { readonly item: string; readonly of: (environment: Environment) => string | number }[] = [
  { item: 'max-cpu-compat', of: (environment) => environment.cpu.maxCompat ?? 'none' },
  { item: 'vsmt', of: (environment) => environment.smp.vsmt },
  { item: 'threads', of: (environment) => environment.smp.threads },
  { item: 'maxcpus', of: (environment) => environment.smp.maxCpus },
  { item: 'resize-hpt', of: (environment) => environment.resizeHpt },
  { item: 'mmu-offer', of: (environment) => environment.mmuOffer },
];

/** Rows 3 to 6 and 12: what the options at both ends make different. */
function compareEnvironments(from: Environment, to: Environment, reasons: Reason[], warnings: Reason[]): void {
  if (from.machineType !== to.machineType) {
    const message = `the machine types differ: ${from.machineType} and ${to.machineType}`;
    reasons.push({ code: 'E_MIG_MACHINE', option: 'machine', message });
  }
  for (const row of capabilityRows) {
    const name = row.name as CapabilityName; // The names of the table are those of the type.
    const [a, b] = [from.capabilities[name], to.capabilities[name]];
    if (a === b) continue;
    const option = `cap-${name}`;
    if (a > b) reasons.push({ code: 'E_MIG_CAP', option, message: `${name} ${a} ${b}: smaller at the destination` });
    else warnings.push({ code: 'W_MIG_CAP', option, message: `${name} ${a} ${b}: greater at the destination` });
  }
  const [a, b] = [from.interruptModes.offered, to.interruptModes.offered];
  if (a !== b) reasons.push({ code: 'E_MIG_IC', option: 'ic-mode', message: `ic-mode ${a} ${b}: the offers differ` });
  for (const { item, of } of equalItems) {
    if (of(from) !== of(to)) {
      reasons.push({ code: 'E_MIG_ENV', option: item, message: `${item} ${of(from)} ${of(to)}: differs` });
    }
  }
}

/** Rows 7 to 11: what the running guest uses. */
function checkState(state: GuestState, from: MigrationEnd, to: MigrationEnd, a: Environment, b: Environment): Reason[] {
  const reasons: Reason[] = [];
  const refuse = (code: Code, option: string, message: string) => reasons.push({ code, option, message });
  const { level, ail, mmu, irq } = state;
  if (level !== undefined && level !== 'raw' && !canSetLevel(b, to.host, level)) {
    refuse('E_MIG_COMPAT', 'max-cpu-compat', `${to.host.name} cannot set level ${level} on ${b.cpu.model}`);
  }
  const pvr = realPvr(a, from.host);
  const sameCpu = pvrMatches(pvr, Number(b.cpu.pvr)) || pvrMatches(pvr, realPvr(b, to.host));
  if (level === 'raw' && !sameCpu) {
    const message = `the guest runs without a level on PVR 0x${pvr.toString(16).padStart(8, '0')}, which ${b.cpu.model} does not match`;
    refuse('E_MIG_PVR', 'cpu', message);
  }
  if (level === undefined && a.cpu.model !== b.cpu.model && !sameCpu) {
    // Nothing is known of the guest: where the options name different CPUs, it must be in a level to move at all.
    if (!canSetLevel(b, to.host, a.cpu.level)) {
      refuse('E_MIG_COMPAT', 'max-cpu-compat', `${to.host.name} cannot set level ${a.cpu.level} on ${b.cpu.model}`);
    }
  }
  if (ail !== undefined && !b.ailModes.includes(ail)) {
    refuse('E_MIG_AIL', `cap-ail-mode-${ail}`, `the guest uses AIL mode ${ail}, which the destination does not allow`);
  }
  if (mmu !== undefined && to.host.accelerator === 'kvm') {
    const radix = (to.host.kvm.PPC_MMU_RADIX ?? 0) !== 0;
    const hash = (to.host.kvm.PPC_MMU_HASH_V3 ?? 0) !== 0 || !radix;
    if (mmu === 'radix' ? !radix : !hash) {
      refuse('E_MIG_MMU', 'mmu-offer', `the guest uses ${mmu}, which ${to.host.name} does not have`);
    }
  }
  if (irq === 'xive' && to.request['kernel-irqchip']?.toLowerCase() === 'on') {
    const kernel = to.host.accelerator === 'kvm' && (to.host.kvm.PPC_IRQ_XIVE ?? 0) !== 0;
    if (!kernel) {
      const message = `the guest uses XIVE, and kernel-irqchip=on at the destination, which has no in-kernel XIVE`;
      refuse('E_MIG_IRQCHIP', 'kernel-irqchip', message);
    }
  }
  return reasons;
}

/**
 * May a guest move from one host to another?
 * @param from the options that it was started with, and where
 * @param to the options that the destination is started with, and where
 * @param state what the guest has negotiated, as far as known
 * @returns the decision with every reason, those that the destination itself has against its start with `dest:` in front
 */
export function checkMigration(from: MigrationEnd, to: MigrationEnd, state: GuestState = {}): MigrationDecision {
  const reasons: Reason[] = [];
  const warnings: Reason[] = [];
  const source = evaluate(from.request, from.host);
  const destination = decide(to.request, to.host);
  if (to.request.machine !== undefined && findMachineType(to.request.machine) === undefined) {
    const message = `the destination does not know machine type ${to.request.machine.slice(0, 40)}`;
    reasons.push({ code: 'E_MIG_MACHINE', option: 'machine', message });
  }
  // A guest that cannot run at the source cannot be moved from there: its reasons come before the table.
  for (const reason of source.reasons) reasons.push({ ...reason, code: `source:${reason.code as Code}` });
  for (const reason of destination.reasons) reasons.push({ ...reason, code: `dest:${reason.code as Code}` });
  const [a, b] = [source.environment, destination.environment];
  compareEnvironments(a, b, reasons, warnings);
  reasons.push(...checkState(state, from, to, a, b));

  if (source.provision !== undefined && destination.provision !== undefined) {
    const [had, gets] = [source.provision.interruptController, destination.provision.interruptController];
    const used = state.irq === undefined ? (['xics', 'xive'] as const) : [state.irq];
    const falling = used.filter((name) => had[name] === 'kernel' && gets[name] === 'emulated');
    if (falling.length > 0) {
      const names = falling.map((name) => name.toUpperCase()).join(' and ');
      const message = `${names}: modelled by the kernel so far, emulated at the destination`;
      warnings.push({ code: 'W_IRQCHIP_FALLBACK', option: 'kernel-irqchip', message });
    }
  }
  return { verdict: reasons.length === 0 ? 'possible' : 'refused', reasons, warnings };
}
