// Everything that a guest can observe, as plain data: the Environment (sections 1 to 8), and where each value comes from.
import type { CapabilityName } from './capabilities.ts';
import type { Characteristics } from './characteristics.ts';
import type { CpuClassName, LevelName } from './cpu-models.ts';
import type { HypercallName } from './hypercalls.ts';
import type { InterruptModes } from './interrupt-modes.ts';
import type { MachineTraits } from './machine-types.ts';
import type { SegmentPages } from './page-sizes.ts';
import type { Reason } from './reasons.ts';
import type { RtasName } from './rtas-calls.ts';
import type { SmpShape } from './smp.ts';
import type { Hex } from './text.ts';

/** Where a value of the environment comes from. */
export interface Provenance {
  readonly from: /** A row of the table of machine types. */
    | 'machine-type'
    /** The CPU model or its class. */
    | 'cpu'
    /** An option that the user gave for just this. */
    | 'option'
    /** An option that the user gave for something else and that narrows a default (such as max-cpu-compat). */
    | 'constraint'
    /** The same on every machine. */
    | 'platform';
  /** The machine type, model, option or rule, for a person. */
  readonly detail: string;
}

/** How the platform looks in one compatibility level; `raw` is the CPU as it is. */
export interface LevelView {
  readonly name: LevelName | 'raw';
  /** Logical PVR; 0 for raw. */
  readonly logicalPvr: Hex;
  /** Value of the `cpu-version` property: the logical PVR, or the real one for raw. */
  readonly cpuVersion: Hex;
  readonly pcr: Hex;
  /** Threads of a core in `ibm,ppc-interrupt-server#s`. */
  readonly threadsPerCore: number;
  /** Bytes of `ibm,pa-features`; empty: no such property. */
  readonly paFeatures: readonly number[];
  /** Bytes of `ibm,pi-features`. */
  readonly piFeatures: readonly number[];
  readonly platformSupport: PlatformSupport;
}

/** Values of `/chosen/ibm,arch-vec-5-platform-support` by byte number of option vector 5. */
export interface PlatformSupport {
  readonly '23': number;
  readonly '24': number;
  readonly '25': number;
  readonly '26': number;
}

/** The CPU that the guest gets. */
export interface CpuView {
  readonly model: string;
  readonly class: CpuClassName;
  /** Real PVR of the model. */
  readonly pvr: Hex;
  /** Newest level that the guest may be in. */
  readonly level: LevelName;
  readonly logicalPvr: Hex;
  /** PCR after every reset. */
  readonly pcr: Hex;
  /** max-cpu-compat as given: every reset sets it, and CAS goes no further; undefined means that a reset goes to raw. */
  readonly maxCompat?: LevelName;
  /** True where the guest may run without a level. */
  readonly rawAllowed: boolean;
  /** Name of a CPU node before `@`. */
  readonly nodeName: string;
  readonly slbEntries: number;
  readonly l1DataCache: number;
  readonly l1InstructionCache: number;
  readonly cacheLine: number;
  /** HostThrs of the partition's characteristics (PAPR, ibm,get-system-parameter); 0: not told. */
  readonly hostThreads: number;
}

/** Facilities that a guest finds, as `ibm,vmx`, `ibm,dfp` and the decrementer tell it. */
export interface Facilities {
  /** Value of `ibm,vmx`: 2 with VSX, 1 without. */
  readonly vmx: 1 | 2;
  readonly dfp: boolean;
  /** Transactional memory is announced. */
  readonly htm: boolean;
  /** `scv` exists (it is on only while FSCR[SCV] is). */
  readonly scv: boolean;
  /** H_SET_MODE resources 1 and 2 (CIABR, DAWR0) exist. */
  readonly watchpoints: boolean;
  readonly dawr1: boolean;
  readonly nestedHv: boolean;
  readonly nestedPapr: boolean;
  /** FWNMI works; else `ibm,nmi-register` and `ibm,nmi-interlock` answer -3. */
  readonly fwnmi: boolean;
}

/** Everything that a guest can observe. It is the same on every host that accepts it, can be stored and compared. */
export interface Environment {
  /** Full name of the machine type. */
  readonly machineType: string;
  readonly cpu: CpuView;
  /** All levels that the guest may be in, oldest first, raw (where allowed) last. */
  readonly levels: readonly LevelView[];
  readonly capabilities: Readonly<Record<CapabilityName, number>>;
  readonly interruptModes: InterruptModes;
  /** As it stands in the tree after a reset. */
  readonly platformSupport: PlatformSupport;
  /** Modes that H_SET_MODE resource 3 accepts. */
  readonly ailModes: readonly number[];
  readonly mmuOffer: 'either' | 'radix' | 'hash';
  readonly mmuModes: readonly ('hash' | 'radix')[];
  readonly resizeHpt: 'disabled' | 'enabled' | 'required';
  /** Number of each hypercall; any other answers H_FUNCTION. */
  readonly hypercalls: Readonly<Partial<Record<HypercallName, number>>>;
  readonly hypertasFunctions: readonly string[];
  /** Strings of `qemu,hypertas-functions`. */
  readonly privateFunctions: readonly string[];
  /** Token of each RTAS call. */
  readonly rtas: Readonly<Partial<Record<RtasName, number>>>;
  readonly smp: SmpShape;
  /** Bytes of `ibm,pa-features` after a reset (header first). */
  readonly paFeatures: readonly number[];
  readonly piFeatures: readonly number[];
  readonly facilities: Facilities;
  readonly pageSizes: {
    /** Largest hash page, power of two. */
    readonly hptMaxShift: number;
    readonly segments: readonly SegmentPages[];
    readonly ciLargePages: boolean;
    /** Radix page sizes; empty on CPUs without radix. */
    readonly radix: readonly { readonly shift: number; readonly ap: number }[];
  };
  /** Segment sizes, powers of two. */
  readonly segmentSizes: readonly number[];
  readonly memory: {
    /** Bytes. */
    readonly size: number;
    readonly maximum: number;
    readonly slots: number;
    /** Bytes of one logical memory block. */
    readonly blockSize: number;
    /** Largest real-mode area, bytes; 0: no limit. */
    readonly rmaLimit: number;
    /** Power of two of the hash page table's size, for the memory at start and for all that can be plugged. */
    readonly hptShift: { readonly initial: number; readonly maximum: number };
  };
  readonly decrementer: {
    /** Bits with LPCR[LD] set; 32 where that is not offered. */
    readonly bits: number;
    /** LPCR[LD] may be set and `ibm,dec-bits` stands in the tree. */
    readonly large: boolean;
  };
  readonly timebaseFrequency: number;
  readonly clockFrequency: number;
  /** Words of H_GET_CPU_CHARACTERISTICS. */
  readonly characteristics: Characteristics;
  /** What the platform offers in option vector 5; a negotiated vector is this and what the guest asks for. */
  readonly optionVector5: {
    readonly dynamicMemory: boolean;
    readonly form1Affinity: boolean;
    readonly form2Affinity: boolean;
    readonly hotplugEvents: boolean;
    readonly hptResize: boolean;
    readonly dynamicMemoryV2: boolean;
    readonly radixGtse: boolean;
  };
  /** The rest of the machine type's choices: hotplug, PCI host bridges, NUMA rules, form of the stream. */
  readonly traits: MachineTraits;
  /** Devices asked for that bring hypercalls. */
  readonly devices: readonly string[];
  /** Warnings that hold on every host. */
  readonly warnings: readonly Reason[];
  /** For each member (`cpu.model`, `capabilities.htm`, …): where it comes from. A member's parts share its entry. */
  readonly provenance: Readonly<Record<string, Provenance>>;
}
