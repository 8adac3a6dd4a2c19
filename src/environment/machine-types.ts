// The versioned machine types as rows of deltas: section 2 of the guest-environment specification.
import type { CapabilityName } from './capabilities.ts';

/** What a machine type decides that a guest can see. */
export interface MachineTraits {
  /** Model that the guest gets where none is asked for. */
  readonly defaultCpu: string;
  /** Interrupt controllers offered where ic-mode is not given. */
  readonly icMode: 'dual' | 'xics';
  /** Old allocation of interrupt numbers; ic-mode cannot be given. */
  readonly legacyIrq: boolean;
  /** Interrupt numbers beyond the IPIs. */
  readonly nrXirqs: number;
  readonly resizeHpt: 'enabled' | 'disabled';
  /** The virtual SMT mode is at least this where not given. */
  readonly vsmtMinimum: number;
  /** FORM2 affinity is offered in option vector 5. */
  readonly form2Affinity: boolean;
  /** How CPUs are spread where a number is missing from `-smp`. */
  readonly smpPrefers: 'cores' | 'sockets';
  /** Associativity numbers: the rule before 5.2 … */
  readonly oldNumaAssociativity: boolean;
  /** … and the reference points before 5.1. */
  readonly oldReferencePoints: boolean;
  /** `-numa mem=` is accepted. */
  readonly legacyNumaMem: boolean;
  /** Largest real-mode area in bytes; 0 means no limit. */
  readonly rmaLimit: number;
  readonly nvdimm: boolean;
  /** Page sizes of the IOMMU of a PCI host bridge, bit n for 2ⁿ bytes. */
  readonly phbPageSizes: number;
  /** `linux,pci-probe-only` = 0 stands in /chosen. */
  readonly pciProbeOnly: boolean;
  /** H_UPDATE_DT changes the tree; else it is accepted and ignored. */
  readonly updateDeviceTree: boolean;
  readonly phbHotplug: boolean;
  /** The host's serial number and model may stand in the tree where the user asks for it. */
  readonly hostModelProperty: boolean;
  readonly pcieExtendedConfig: boolean;
  /** NUMA nodes and memory begin at multiples of 2 to this power. */
  readonly numaAlignShift: number;
  readonly modernHotplugEvents: boolean;
  /** Where PCI host bridges lie: `2.7` is the placement of machine types up to 2.7. */
  readonly phbPlacement: 'modern' | '2.7';
  /** Dynamic DMA windows. */
  readonly dynamicDmaWindows: boolean;
  readonly cpuHotplug: boolean;
  readonly vlanBufferPools: boolean;
  /** The default USB controller is OHCI instead of xHCI. */
  readonly usbOhci: boolean;
  readonly memoryHotplug: boolean;
  /** PCI host bridges and their slots have dynamic-reconfiguration connectors. */
  readonly phbDynamicReconfiguration: boolean;
  /** Size of the 32-bit PCI memory window, bytes. */
  readonly phbMemoryWindow: number;
  /** Form of the migration stream, by the upstream names. */
  readonly stream: {
    /** hpt-max-page-size is in the stream. */
    readonly hptMaxPageSize: boolean;
    readonly pre30Cpu: boolean;
    readonly pre210: boolean;
    readonly pre28: boolean;
    readonly selfDescribing: boolean;
  };
}

/** The traits of the newest machine type; every other type is this plus deltas. */
const newestTraits: MachineTraits = {
  defaultCpu: 'power10_v2.0',
  icMode: 'dual',
  legacyIrq: false,
  nrXirqs: 0x1000,
  resizeHpt: 'enabled',
  vsmtMinimum: 0,
  form2Affinity: true,
  smpPrefers: 'cores',
  oldNumaAssociativity: false,
  oldReferencePoints: false,
  legacyNumaMem: false,
  rmaLimit: 0,
  nvdimm: true,
  phbPageSizes: 0x01211000,
  pciProbeOnly: true,
  updateDeviceTree: true,
  phbHotplug: true,
  hostModelProperty: false,
  pcieExtendedConfig: true,
  numaAlignShift: 28,
  modernHotplugEvents: true,
  phbPlacement: 'modern',
  dynamicDmaWindows: true,
  cpuHotplug: true,
  vlanBufferPools: true,
  usbOhci: false,
  memoryHotplug: true,
  phbDynamicReconfiguration: true,
  phbMemoryWindow: 0x80000000,
  stream: { hptMaxPageSize: true, pre30Cpu: false, pre210: false, pre28: false, selfDescribing: true },
};

/** The deltas of one machine type against the next newer one. */
export interface MachineRow {
  readonly version: string;
  /** The type whose deltas this one adds to, where it is not the row above. */
  readonly branchOf?: string;
  readonly traits?: Partial<Omit<MachineTraits, 'stream'>>;
  readonly stream?: Partial<MachineTraits['stream']>;
  /** Capability defaults of this type and every older one (of a branch: of this type only). */
  readonly capabilities?: Partial<Record<CapabilityName, number>>;
}

/** Every machine type, newest first. */
export const machineRows: readonly MachineRow[] = [
  { version: '10.0' },
  { version: '9.2' },
  { version: '9.1' },
  { version: '9.0' },
  // Upstream changed the default CPU of 4.0 to 7.2 after their release; it is pinned here to the later revision.
  { version: '8.2', traits: { defaultCpu: 'power9_v2.2' } },
  { version: '8.1' },
  { version: '8.0' },
  { version: '7.2' },
  { version: '7.1' },
  { version: '7.0' },
  { version: '6.2' },
  { version: '6.1', traits: { form2Affinity: false, smpPrefers: 'sockets' } },
  { version: '6.0' },
  { version: '5.2' },
  { version: '5.1', traits: { oldNumaAssociativity: true } },
  { version: '5.0', traits: { oldReferencePoints: true, legacyNumaMem: true } },
  {
    version: '4.2',
    traits: { rmaLimit: 16 * 2 ** 30, nvdimm: false },
    capabilities: { 'ccf-assist': 0, fwnmi: 0 },
  },
  { version: '4.1', traits: { phbPageSizes: 0x11000, pciProbeOnly: false, vsmtMinimum: 8 } },
  { version: '4.0', traits: { icMode: 'xics' }, stream: { hptMaxPageSize: false } },
  {
    version: '3.1',
    traits: { defaultCpu: 'power8_v2.0', updateDeviceTree: false, phbHotplug: false, hostModelProperty: true },
    capabilities: { cfpc: 0, sbbc: 0, ibs: 0, 'large-decr': 0 },
  },
  { version: '3.0', traits: { legacyIrq: true, nrXirqs: 0x400 } },
  // Upstream takes the limit from the host's pages; 34 (16 GiB, the largest page there is) is the same on every host.
  { version: '2.12', stream: { pre30Cpu: true }, capabilities: { 'hpt-max-page-size': 34 } },
  { version: '2.12-sxxm', branchOf: '2.12', capabilities: { cfpc: 1, sbbc: 1, ibs: 3 } },
  { version: '2.11', capabilities: { htm: 1 } },
  { version: '2.10' },
  { version: '2.9', traits: { resizeHpt: 'disabled' }, stream: { pre210: true } },
  { version: '2.8', traits: { pcieExtendedConfig: false, numaAlignShift: 23 } },
  {
    version: '2.7',
    traits: {
      defaultCpu: 'power7_v2.3',
      modernHotplugEvents: false,
      phbPlacement: '2.7',
      phbMemoryWindow: 0xf80000000,
    },
    stream: { pre28: true },
  },
  { version: '2.6', traits: { dynamicDmaWindows: false, cpuHotplug: false } },
  { version: '2.5', traits: { vlanBufferPools: false, usbOhci: true } },
  { version: '2.4', traits: { memoryHotplug: false } },
  { version: '2.3', traits: { phbDynamicReconfiguration: false } },
  { version: '2.2', traits: { phbMemoryWindow: 0x20000000 }, stream: { selfDescribing: false } },
  { version: '2.1' },
];

/** A machine type with all its deltas applied. */
export interface MachineType {
  /** Full name, such as `pseries-6.2`. */
  readonly name: string;
  readonly version: string;
  /** Place from the newest (0) to the oldest: a greater place is an older type. */
  readonly age: number;
  readonly traits: MachineTraits;
  /** Capability defaults that differ from those of the newest type, each with the type whose row set it. */
  readonly capabilities: Partial<Record<CapabilityName, { readonly value: number; readonly setBy: string }>>;
  /** For each trait that a delta changed, the version whose row changed it last. */
  readonly changedBy: Readonly<Record<string, string>>;
}

/** The type that the bare name `pseries` stands for. */
export const newestMachineType = 'pseries-10.0';

/** @returns the rows that make up a type, newest first. */
function rowsOf(version: string): MachineRow[] {
  const at = machineRows.findIndex((row) => row.version === version);
  return machineRows.filter((row, i) => i === at || (i < at && row.branchOf === undefined));
}

/** @returns the place of a version from the newest (0) to the oldest; a branch has the place of its base. */
function ageOf(version: string): number {
  const row = machineRows.find((candidate) => candidate.version === version);
  return machineRows.findIndex((candidate) => candidate.version === (row?.branchOf ?? version));
}

/** Applies all deltas of a version. */
function build(version: string): MachineType {
  let traits = newestTraits;
  const capabilities: MachineType['capabilities'] = {};
  const changedBy: Record<string, string> = {};
  for (const row of rowsOf(version)) {
    traits = { ...traits, ...row.traits, stream: { ...traits.stream, ...row.stream } };
    for (const name of Object.keys(row.traits ?? {})) changedBy[name] = row.version;
    for (const [name, value] of Object.entries(row.capabilities ?? {})) {
      // The keys of a row's capabilities are capability names by its type.
      capabilities[name as CapabilityName] = { value, setBy: row.version };
    }
  }
  const age = ageOf(version);
  return { name: `pseries-${version}`, version, age, traits, capabilities, changedBy };
}

/** Every machine type, newest first. */
export const machineTypes: readonly MachineType[] = machineRows.map((row) => build(row.version));

/** @returns the machine type of a full name or the alias `pseries`, or undefined. */
export function findMachineType(name: string): MachineType | undefined {
  const full = name === 'pseries' ? newestMachineType : name;
  return machineTypes.find((type) => type.name === full);
}

/** @returns whether a type is older than a version; a version that is not in the table is newer than all. */
export function isOlderThan(type: MachineType, version: string): boolean {
  return type.age > ageOf(version);
}
