// Every hypercall by name and number, what makes it exist, and the function sets that announce them: PAPR, "hypervisor call numbers".
import type { CapabilityName } from './capabilities.ts';

/** What must hold for a call to exist. Nothing given: it always exists. */
export interface Condition {
  /** The capability that must be on. */
  readonly capability?: CapabilityName;
  /** The interrupt controller that must be offered. */
  readonly controller?: 'xics' | 'xive';
  /** The HPT can be resized (resize-hpt is not disabled). */
  readonly resizeHpt?: true;
  /** NVDIMMs exist on the machine type. */
  readonly nvdimm?: true;
  /** The device that must be plugged (name of the device option). */
  readonly device?: string;
}

/** One hypercall. */
export interface HypercallRow {
  readonly name: string;
  /** R3 of the call. */
  readonly number: number;
  readonly when?: Condition;
}

const xics = { controller: 'xics' } as const;
const xive = { controller: 'xive' } as const;
const nvdimm = { nvdimm: true } as const;
const nestedHv = { capability: 'nested-hv' } as const;
const nestedPapr = { capability: 'nested-papr' } as const;

/** The hypercalls that this platform knows, by number. Handlers attach to this table by name. */
export const hypercallRows = [
  { name: 'H_REMOVE', number: 0x4 },
  { name: 'H_ENTER', number: 0x8 },
  { name: 'H_READ', number: 0xc },
  // Upstream has these two only where a kernel handles them; here they exist on every host.
  { name: 'H_CLEAR_MOD', number: 0x10 },
  { name: 'H_CLEAR_REF', number: 0x14 },
  { name: 'H_PROTECT', number: 0x18 },
  { name: 'H_GET_TCE', number: 0x1c },
  { name: 'H_PUT_TCE', number: 0x20 },
  { name: 'H_SET_SPRG0', number: 0x24 },
  { name: 'H_SET_DABR', number: 0x28 },
  { name: 'H_PAGE_INIT', number: 0x2c },
  { name: 'H_LOGICAL_CI_LOAD', number: 0x3c },
  { name: 'H_LOGICAL_CI_STORE', number: 0x40 },
  { name: 'H_LOGICAL_CACHE_LOAD', number: 0x44 },
  { name: 'H_LOGICAL_CACHE_STORE', number: 0x48 },
  { name: 'H_LOGICAL_ICBI', number: 0x4c },
  { name: 'H_LOGICAL_DCBF', number: 0x50 },
  { name: 'H_GET_TERM_CHAR', number: 0x54 },
  { name: 'H_PUT_TERM_CHAR', number: 0x58 },
  { name: 'H_EOI', number: 0x64, when: xics },
  { name: 'H_CPPR', number: 0x68, when: xics },
  { name: 'H_IPI', number: 0x6c, when: xics },
  { name: 'H_IPOLL', number: 0x70, when: xics },
  { name: 'H_XIRR', number: 0x74, when: xics },
  { name: 'H_REGISTER_VPA', number: 0xdc },
  { name: 'H_CEDE', number: 0xe0 },
  { name: 'H_CONFER', number: 0xe4 },
  { name: 'H_PROD', number: 0xe8 },
  { name: 'H_REG_CRQ', number: 0xfc },
  { name: 'H_FREE_CRQ', number: 0x100 },
  { name: 'H_VIO_SIGNAL', number: 0x104 },
  { name: 'H_SEND_CRQ', number: 0x108 },
  { name: 'H_REGISTER_LOGICAL_LAN', number: 0x114 },
  { name: 'H_FREE_LOGICAL_LAN', number: 0x118 },
  { name: 'H_ADD_LOGICAL_LAN_BUFFER', number: 0x11c },
  { name: 'H_SEND_LOGICAL_LAN', number: 0x120 },
  { name: 'H_BULK_REMOVE', number: 0x124 },
  { name: 'H_MULTICAST_CTRL', number: 0x130 },
  { name: 'H_SET_XDABR', number: 0x134 },
  { name: 'H_STUFF_TCE', number: 0x138 },
  { name: 'H_PUT_TCE_INDIRECT', number: 0x13c },
  { name: 'H_CHANGE_LOGICAL_LAN_MAC', number: 0x14c },
  { name: 'H_ENABLE_CRQ', number: 0x1b0 },
  { name: 'H_GET_CPU_CHARACTERISTICS', number: 0x1c8 },
  { name: 'H_JOIN', number: 0x298 },
  { name: 'H_HOME_NODE_ASSOCIATIVITY', number: 0x2ec },
  { name: 'H_XIRR_X', number: 0x2fc, when: xics },
  { name: 'H_RANDOM', number: 0x300, when: { device: 'spapr-rng' } },
  { name: 'H_SET_MODE', number: 0x31c },
  { name: 'H_RESIZE_HPT_PREPARE', number: 0x36c, when: { resizeHpt: true } },
  { name: 'H_RESIZE_HPT_COMMIT', number: 0x370, when: { resizeHpt: true } },
  { name: 'H_CLEAN_SLB', number: 0x374 },
  { name: 'H_INVALIDATE_PID', number: 0x378 },
  { name: 'H_REGISTER_PROC_TBL', number: 0x37c },
  { name: 'H_SIGNAL_SYS_RESET', number: 0x380 },
  { name: 'H_INT_GET_SOURCE_INFO', number: 0x3a8, when: xive },
  { name: 'H_INT_SET_SOURCE_CONFIG', number: 0x3ac, when: xive },
  { name: 'H_INT_GET_SOURCE_CONFIG', number: 0x3b0, when: xive },
  { name: 'H_INT_GET_QUEUE_INFO', number: 0x3b4, when: xive },
  { name: 'H_INT_SET_QUEUE_CONFIG', number: 0x3b8, when: xive },
  { name: 'H_INT_GET_QUEUE_CONFIG', number: 0x3bc, when: xive },
  { name: 'H_INT_SET_OS_REPORTING_LINE', number: 0x3c0, when: xive },
  { name: 'H_INT_GET_OS_REPORTING_LINE', number: 0x3c4, when: xive },
  { name: 'H_INT_ESB', number: 0x3c8, when: xive },
  { name: 'H_INT_SYNC', number: 0x3cc, when: xive },
  { name: 'H_INT_RESET', number: 0x3d0, when: xive },
  { name: 'H_SCM_READ_METADATA', number: 0x3e4, when: nvdimm },
  { name: 'H_SCM_WRITE_METADATA', number: 0x3e8, when: nvdimm },
  { name: 'H_SCM_BIND_MEM', number: 0x3ec, when: nvdimm },
  { name: 'H_SCM_UNBIND_MEM', number: 0x3f0, when: nvdimm },
  { name: 'H_SCM_UNBIND_ALL', number: 0x3fc, when: nvdimm },
  { name: 'H_SCM_HEALTH', number: 0x400, when: nvdimm },
  { name: 'H_RPT_INVALIDATE', number: 0x448, when: { capability: 'rpt-invalidate' } },
  { name: 'H_SCM_FLUSH', number: 0x44c, when: nvdimm },
  { name: 'H_WATCHDOG', number: 0x45c },
  { name: 'H_GUEST_GET_CAPABILITIES', number: 0x460, when: nestedPapr },
  { name: 'H_GUEST_SET_CAPABILITIES', number: 0x464, when: nestedPapr },
  { name: 'H_GUEST_CREATE', number: 0x470, when: nestedPapr },
  { name: 'H_GUEST_CREATE_VCPU', number: 0x474, when: nestedPapr },
  { name: 'H_GUEST_GET_STATE', number: 0x478, when: nestedPapr },
  { name: 'H_GUEST_SET_STATE', number: 0x47c, when: nestedPapr },
  { name: 'H_GUEST_RUN_VCPU', number: 0x480, when: nestedPapr },
  { name: 'H_GUEST_DELETE', number: 0x488, when: nestedPapr },
  { name: 'H_RTAS', number: 0xf000 },
  { name: 'H_LOGICAL_MEMOP', number: 0xf001 },
  { name: 'H_CAS', number: 0xf002 },
  { name: 'H_UPDATE_DT', number: 0xf003 },
  { name: 'H_CLIENT_INTERFACE', number: 0xf005 },
  { name: 'H_SET_PARTITION_TABLE', number: 0xf800, when: nestedHv },
  { name: 'H_ENTER_NESTED', number: 0xf804, when: nestedHv },
  { name: 'H_TLB_INVALIDATE', number: 0xf808, when: nestedHv },
  { name: 'H_COPY_TOFROM_GUEST', number: 0xf80c, when: nestedHv },
] as const satisfies readonly HypercallRow[];

/** The name of a hypercall of the table. */
export type HypercallName = (typeof hypercallRows)[number]['name'];

/** One string of `/rtas/ibm,hypertas-functions`, by which a guest learns that a set of calls exists. */
export interface FunctionSetRow {
  readonly name: string;
  readonly when?: Condition;
}

/** The function sets in the order in which they stand in the property. */
export const functionSetRows: readonly FunctionSetRow[] = [
  { name: 'hcall-pft' },
  { name: 'hcall-term' },
  { name: 'hcall-dabr' },
  { name: 'hcall-interrupt' },
  { name: 'hcall-tce' },
  { name: 'hcall-vio' },
  { name: 'hcall-splpar' },
  { name: 'hcall-join' },
  { name: 'hcall-bulk' },
  { name: 'hcall-set-mode' },
  { name: 'hcall-sprg0' },
  { name: 'hcall-copy' },
  { name: 'hcall-debug' },
  { name: 'hcall-vphn' },
  { name: 'hcall-multi-tce' },
  { name: 'hcall-hpt-resize', when: { resizeHpt: true } },
  { name: 'hcall-watchdog' },
  { name: 'hcall-rpt-invalidate', when: { capability: 'rpt-invalidate' } },
];

/** The strings of `/rtas/qemu,hypertas-functions`. */
export const privateFunctionSets: readonly string[] = ['hcall-memop1'];
