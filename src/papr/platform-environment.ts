// What of the guest's environment the platform shows and obeys: the part of an `Environment` that papr reads.

/** A compatibility level, or the raw CPU, as the guest can be in it. */
export interface PlatformLevel {
  readonly name: string;
  /** Value of `cpu-version`: the logical PVR, or the real one for the raw CPU. */
  readonly version: number;
  /** Contents of the PCR. */
  readonly pcr: bigint;
  /** Most threads of a core that the tree shows. */
  readonly maxThreads: number;
  /** True from ISA 3.00 on: radix and XIVE can be negotiated. */
  readonly isa300: boolean;
  /** `ibm,pa-features` and `ibm,pi-features` with their headers; empty where the level has none. */
  readonly paFeatures: readonly number[];
  readonly piFeatures: readonly number[];
}

/** Everything that papr needs to know about the guest; plain data. */
export interface PlatformEnvironment {
  readonly memoryBytes: number;
  readonly smp: {
    readonly cpus: number;
    readonly threads: number;
    /** Distance of the server numbers of two cores. */
    readonly vsmt: number;
    /** All server numbers are less than this. */
    readonly servers: number;
  };
  readonly cpu: {
    /** Node name without unit address, such as `PowerPC,POWER9`. */
    readonly nodeName: string;
    readonly pvr: number;
    readonly slbEntries: number;
    /** Bytes. */
    readonly l1DataCache: number;
    readonly l1InstructionCache: number;
    readonly cacheLine: number;
    /** Hz. */
    readonly timebaseFrequency: number;
    readonly clockFrequency: number;
    /** `ibm,dec-bits`; 0 when the decrementer is 32 bits wide. */
    readonly decrementerBits: number;
    /** 0 none, 1 VMX, 2 VMX and VSX. */
    readonly vmx: number;
    readonly dfp: boolean;
    readonly isa207: boolean;
    readonly isa310: boolean;
    /** Cells of the properties; `radixApEncodings` is empty without radix. */
    readonly segmentPageSizes: readonly number[];
    readonly segmentSizes: readonly number[];
    readonly radixApEncodings: readonly number[];
    /** log2 of the hash table's size for this much memory. */
    readonly hptShift: number;
  };
  /** Raw CPU. */
  readonly raw: PlatformLevel;
  /** Levels that CAS may choose, oldest first. */
  readonly levels: readonly PlatformLevel[];
  /** The level of `max-cpu-compat`, which is also that of a reset. */
  readonly maximumLevel?: PlatformLevel;
  /** Interrupt controllers that CAS chooses from. */
  readonly interruptModes: 'xics' | 'xive' | 'dual';
  /** MMUs that CAS chooses from. */
  readonly mmuModes: 'hash' | 'radix' | 'either';
  readonly hptResize: 'disabled' | 'enabled' | 'required';
  /** The calls that exist. */
  readonly hypercalls: readonly { readonly name: string; readonly number: number }[];
  readonly rtasCalls: readonly { readonly name: string; readonly token: number }[];
  /** Strings of `ibm,hypertas-functions` and `qemu,hypertas-functions`. */
  readonly hypertasFunctions: readonly string[];
  readonly privateHypertasFunctions: readonly string[];
  /** The two words of H_GET_CPU_CHARACTERISTICS. */
  readonly cpuCharacteristics: bigint;
  readonly cpuBehaviour: bigint;
  readonly ailMode2: boolean;
  readonly ailMode3: boolean;
  readonly dawr1: boolean;
}

/** Server number (interrupt server, processor number of hypercalls and RTAS) of a vCPU counted from 0. */
export function serverOf(environment: PlatformEnvironment, index: number): number {
  const { threads, vsmt } = environment.smp;
  return Math.floor(index / threads) * vsmt + (index % threads);
}

/** The vCPU with a server number, or undefined. */
export function indexOfServer(environment: PlatformEnvironment, server: number): number | undefined {
  const { cpus, threads, vsmt } = environment.smp;
  const index = Math.floor(server / vsmt) * threads + (server % vsmt);
  return Number.isInteger(server) && server >= 0 && server % vsmt < threads && index < cpus ? index : undefined;
}
