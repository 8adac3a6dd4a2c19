// The contract between a machine and whoever runs it: what it is built from, what it may use of its host, how it ends.
import type { EngineImages, StartTranslationThread } from '../engine/engine.ts';
import type { EngineKind } from '../engine/engine-kind.ts';
import type { EngineProfile } from '../engine/profile.ts';
import type { Environment, Provision } from '../environment/index.ts';
import type { HostStatistics } from './host-model/host-model.ts';

/** How the machine's firmware finds the guest's first code. */
export type BootSource =
  /** There is none: the machine is only asked for its device tree. */
  | { readonly kind: 'none' }
  | {
      /** A kernel entered through the built-in Open Firmware client interface. */
      readonly kind: 'kernel';
      /** The whole file: ELF (vmlinux or zImage), either endianness. */
      readonly kernel: Uint8Array;
      /** The whole initial RAM disk file. */
      readonly initrd?: Uint8Array;
      /** `/chosen/bootargs`; UTF-8, no NUL. */
      readonly commandLine: string;
    }
  | {
      /** A flat firmware image at real address 0, entered at 0x100 with the flattened tree in r3. */
      readonly kind: 'firmware';
      /** The whole file. */
      readonly firmware: Uint8Array;
      /** A kernel that the firmware finds through `/chosen/qemu,boot-kernel`. */
      readonly kernel?: Uint8Array;
      readonly initrd?: Uint8Array;
      readonly commandLine: string;
    };

/** What can be logged; the names are those of QEMU's `-d` where it has them. */
export const logItems = [
  { name: 'in_asm', summary: 'each guest instruction when it is first decoded' },
  { name: 'int', summary: 'interrupts and hypercalls' },
  { name: 'cpu', summary: 'registers at each interrupt' },
  { name: 'guest_errors', summary: 'what the guest does that a real machine would not accept' },
  { name: 'unimp', summary: 'what the guest asks for and is not there' },
] as const;

/** A name of {@link logItems}. */
export type LogItem = (typeof logItems)[number]['name'];

/** All that a machine is built from. Plain data: it crosses to a Worker by structured clone. */
export interface MachineConfig {
  /** What the guest sees; memory size and CPUs are in it. */
  readonly environment: Environment;
  /** How this host gives it. */
  readonly provision: Provision;
  readonly boot: BootSource;
  /** A flattened device tree (big-endian, version 17) to give the guest instead of the machine's own. */
  readonly deviceTree?: Uint8Array;
  /** The guest's wall clock at start, in seconds since 1970-01-01 UTC; it then advances with the timebase. */
  readonly rtcBaseSeconds: number;
  /** One guest instruction takes 2^icountShift ns of guest time; absent: guest time follows the host's clock. */
  readonly icountShift?: number;
  /** End with outcome `reset` when the guest resets the machine, instead of starting it again. */
  readonly noReboot: boolean;
  /** Sample where the guest spends its time, for {@link MachineStatistics.profile}. */
  readonly profile?: boolean;
  /** How guest code is run; absent: hot code is translated. */
  readonly engine?: EngineKind;
  readonly logItems: readonly LogItem[];
}

/** The console: bytes in both directions, never blocking. */
export interface ConsolePort {
  /** Takes up to `into.length` waiting input bytes and returns how many; 0 when none wait. */
  read(into: Uint8Array): number;
  /** True when {@link read} would return bytes. */
  hasInput(): boolean;
  /** Takes all of `bytes`; the port waits for its reader by itself when that is slow. */
  write(bytes: Uint8Array): void;
}

/** What a machine may use of its host, and all of it. */
export interface MachineHost {
  /** The engine's generated code, as the build made it. */
  readonly engineImages: EngineImages;
  /** Starts a thread that translates while guest code runs; without it that is done in between. */
  readonly translationThread?: StartTranslationThread;
  readonly console: ConsolePort;
  /** The host's monotonic clock in nanoseconds; as a double it keeps 100 ns for months. */
  monotonicNanoseconds(): number;
  /** Fills `into` with cryptographically strong random bytes. */
  randomBytes(into: Uint8Array): void;
  /**
   * Sleeps until console input arrives, a stop is asked for, or `milliseconds` have
   * passed, whichever comes first. Called when every vCPU is idle. May return early for no reason.
   */
  idle(milliseconds: number): void;
  /** True once the outside wants the machine to stop; the machine asks at least every 50 ms of running. */
  stopRequested(): boolean;
  /** Shows the user a warning of the running machine about the modelled host. */
  warn?(code: string, message: string): void;
  /** For tests: true makes the named step of the modelled host fail, such as `connect vCPU 2`. */
  hostFault?(step: string): boolean;
  /** Writes one log line (no line end) of an item that {@link MachineConfig.logItems} has. */
  log(item: LogItem, line: string): void;
}

/** How a machine's life ended. */
export type MachineOutcome =
  /** The guest powered itself off (RTAS power-off or ibm,power-off-ups). */
  | { readonly kind: 'power-off' }
  /** The guest asked for a reset and {@link MachineConfig.noReboot} is set. */
  | { readonly kind: 'reset' }
  /** The guest's operating system died and said so (RTAS ibm,os-term); `message` is its text. */
  | { readonly kind: 'guest-panic'; readonly message: string }
  /** {@link MachineHost.stopRequested} became true. */
  | { readonly kind: 'stopped' }
  /** The guest can never run again: every vCPU is stopped or sleeps with no wake-up possible; `message` says where. */
  | { readonly kind: 'guest-hang'; readonly message: string }
  /** A defect of Continuo; `message` is one line, `detail` is for a report. */
  | { readonly kind: 'internal-error'; readonly message: string; readonly detail: string };

/** What a machine counted; for `--log` users, benchmarks and tests. */
export interface MachineStatistics {
  /** Guest instructions completed on all vCPUs. */
  readonly instructions: number;
  /** What of the modelled host was used. */
  readonly host: HostStatistics;
  /** Times that {@link MachineHost.idle} was called. */
  readonly idles: number;
  /** Calls by name (`H_CEDE`, `RTAS get-time-of-day`, …) with their counts, unknown ones included. */
  readonly calls: ReadonlyMap<string, number>;
  /** What the engine did since the last reset. */
  readonly profile: EngineProfile;
}

/** A machine that was built and not yet run. */
export interface MachineHandle {
  /** Runs the machine from its reset state to its end; once per handle. Never rejects for what a guest does. */
  run(): Promise<MachineOutcome>;
  /** The flattened device tree of the reset state, as `-machine dumpdtb=` writes it. */
  flattenedDeviceTree(): Uint8Array;
  /** What was counted so far. */
  statistics(): MachineStatistics;
}

/**
 * Builds a machine. It throws a typed `ImageError` when a file of the configuration is not what it should be; every
 * other complaint about a configuration belongs to the environment layer, before this is called.
 */
export type CreateMachine = (config: MachineConfig, host: MachineHost) => MachineHandle;
