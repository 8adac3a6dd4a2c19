// What the platform needs from the machine that it is part of: vCPUs, time, console, interrupt controllers, TLBs.
import type { GuestMemory } from '../cpu/guest-memory.ts';
import type { Vcpu } from '../cpu/vcpu.ts';

/** What a vCPU does: `sleeping` after H_CEDE or H_JOIN, `stopped` until RTAS start-cpu. */
export type VcpuState = 'running' | 'sleeping' | 'stopped';

/** Process-scoped translations to drop; `what` is a set of what to drop. More may be dropped, never less. */
export interface TlbInvalidation {
  /** Undefined: of every process. */
  readonly pid: bigint | undefined;
  /** Effective addresses start…end−1; undefined: all. */
  readonly range: { readonly start: bigint; readonly end: bigint } | undefined;
  /** Drop cached page-directory entries, too. */
  readonly walkCache: boolean;
  /** Drop cached process-table entries, too. */
  readonly processTable: boolean;
}

/** Guests of the guest, as far as the machine runs them. */
export interface NestedServices {
  /** Where their partition table is (PTCR, checked; 0: none), and which LPCR bits they may have of their own. */
  setPartitionTable(ptcr: bigint, lpcrBits: bigint): void;
  /**
   * H_ENTER_NESTED by a vCPU, arguments in its registers. H_SUCCESS: it runs the guest's guest now, and the machine ends the
   * call; another status: nothing has changed.
   */
  enter(index: number): bigint;
  /** H_COPY_TOFROM_GUEST by a vCPU, likewise; the LPID is known. */
  copy(index: number): bigint;
  /** Drops what vCPUs keep of the translations of one, or of all of them. */
  invalidate(lpid: number | 'all'): void;
}

/** Implemented by the machine. No method throws for what a guest does. */
export interface PlatformServices {
  readonly memory: GuestMemory;
  /** By index 0…n−1. */
  readonly vcpus: readonly Vcpu[];
  /** Puts all registers of a vCPU into the CPU model's reset state; it stays in its run state. */
  resetVcpu(index: number): void;
  /** MSR, LPCR, PCR, the process table or a watchpoint of the vCPU was written. */
  contextChanged(vcpu: Vcpu): void;
  vcpuState(index: number): VcpuState;
  /** Lets a stopped vCPU run; its registers are set already. */
  startVcpu(index: number): void;
  /** Lets a sleeping vCPU run on: it was prodded. */
  wakeVcpu(index: number): void;
  /** Raises a system reset interrupt. */
  systemReset(index: number): void;
  /** What a negotiation has chosen: that controller becomes the active one, in its reset state unless it already is. */
  activateInterruptController(mode: 'xics' | 'xive'): void;
  /** Machine reset: the controller of power-on is active again, in its reset state. */
  resetInterruptControllers(): void;
  /**
   * Puts all vCPUs into a compatibility level by its logical PVR, 0 for none. `set`: the PCR may follow; `ignored`: the host
   * has accepted it without effect; `refused`: nothing has changed.
   */
  setLevel(logicalPvr: number): 'set' | 'ignored' | 'refused';
  /** Tells the user what a host could give only approximately. */
  warn(code: string, message: string): void;
  invalidateTlb(request: TlbInvalidation): void;
  readonly nested: NestedServices;
  /** Console output and input; `readConsole` returns how many bytes it took, 0 when none wait. */
  writeConsole(bytes: Uint8Array): void;
  readConsole(into: Uint8Array): number;
  /** The guest's wall clock in nanoseconds since 1970-01-01 UTC. */
  wallClock(): bigint;
  setWallClock(nanoseconds: bigint): void;
  /** The timebase, 512 MHz ticks since the machine started. */
  timebase(): bigint;
  randomBytes(into: Uint8Array): void;
  /** A cache-inhibited access outside RAM; undefined or false when no device is there. Size 1, 2, 4 or 8. */
  deviceLoad(address: bigint, size: number): bigint | undefined;
  deviceStore(address: bigint, size: number, value: bigint): boolean;
  /** A line for the log of guest errors or of what is not implemented. */
  log(item: 'guest_errors' | 'unimp', line: string): void;
}
