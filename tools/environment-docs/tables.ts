// The tables of docs/guest-environment.md, made from the code's tables and from the answers of the code itself.

import { cpuClass, modelsForPvr, pcrFor } from '../../src/environment/cpu-models.ts';
import {
  capabilityRows,
  capabilityText,
  codes,
  cpuModels,
  decide,
  evaluate,
  findProfile,
  type HostProfile,
  levels,
  machineTypes,
  namedProfiles,
  newestMachineType,
  type Request,
} from '../../src/environment/index.ts';
import { type MachineTraits, machineRows } from '../../src/environment/machine-types.ts';

type Row = readonly string[];

function markdown(head: Row, rows: readonly Row[]): string {
  const line = (row: Row) => `| ${row.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function named(name: string): HostProfile & { accelerator: 'kvm' } {
  const profile = findProfile(name);
  if (profile?.accelerator !== 'kvm') throw new Error(`no KVM profile ${name}`);
  return profile;
}

function codeTable(kind: string): string {
  const rows = Object.entries(codes).filter(([, row]) => row.kind === kind);
  return markdown(
    ['code', 'meaning'],
    rows.map(([code, row]) => [`\`${code}\``, row.meaning]),
  );
}

/** What a changed trait means for a guest. */
const traitTexts: { readonly [name in keyof Omit<MachineTraits, 'stream'>]: (value: MachineTraits[name]) => string } = {
  defaultCpu: (value) => `default CPU ${value}`,
  icMode: (value) => `ic-mode ${value} where not given`,
  legacyIrq: () => 'legacy allocation of interrupt numbers; ic-mode cannot be given',
  nrXirqs: (value) => `${value} external interrupt numbers`,
  resizeHpt: (value) => `resize-hpt ${value} where not given`,
  vsmtMinimum: (value) => `vsmt at least ${value} where not given`,
  form2Affinity: () => 'no FORM2 affinity',
  smpPrefers: (value) => `-smp fills up ${value} first`,
  oldNumaAssociativity: () => 'older NUMA associativity numbers',
  oldReferencePoints: () => 'older associativity reference points',
  legacyNumaMem: () => '-numa mem= is accepted',
  rmaLimit: (value) => `real-mode area of at most ${value / 2 ** 30} GiB`,
  nvdimm: () => 'no NVDIMM',
  phbPageSizes: () => 'IOMMU pages of 4 KiB and 64 KiB only',
  pciProbeOnly: () => 'no linux,pci-probe-only',
  updateDeviceTree: () => 'H_UPDATE_DT is accepted and ignored',
  phbHotplug: () => 'no hotplug of PCI host bridges',
  hostModelProperty: () => 'host model and serial number may be shown',
  pcieExtendedConfig: () => 'no PCIe extended configuration space',
  numaAlignShift: (value) => `NUMA memory in steps of ${2 ** value / 2 ** 20} MiB`,
  modernHotplugEvents: () => 'older hotplug events',
  phbPlacement: () => 'older places of PCI host bridges',
  dynamicDmaWindows: () => 'no dynamic DMA windows',
  cpuHotplug: () => 'no CPU hotplug',
  vlanBufferPools: () => 'network adapter without buffer pools',
  usbOhci: () => 'OHCI is the default USB controller',
  memoryHotplug: () => 'no memory hotplug',
  phbDynamicReconfiguration: () => 'no dynamic reconfiguration of PCI slots',
  phbMemoryWindow: (value) => `32-bit PCI memory window of ${value / 2 ** 20} MiB`,
};

/** What a changed part of the migration stream means. */
const streamTexts: { readonly [name in keyof MachineTraits['stream']]: string } = {
  hptMaxPageSize: 'stream without cap-hpt-max-page-size',
  pre30Cpu: 'CPU section of the stream as before 3.0',
  pre210: 'stream as before 2.10',
  pre28: 'stream as before 2.8',
  selfDescribing: 'stream without a description of itself',
};

/** The deltas of each machine type, as the table of the code has them. */
function machineTable(): string {
  const rows = machineRows.map((row, at): Row => {
    const deltas = [
      ...Object.entries(row.traits ?? {}).map(([name, value]) => {
        // The value of an entry is that of its own name, which the type of the pairs does not keep.
        const text = traitTexts[name as keyof typeof traitTexts] as (changed: unknown) => string;
        return text(value);
      }),
      ...Object.entries(row.capabilities ?? {}).map(([name, value]) => {
        const capability = capabilityRows.find((candidate) => candidate.name === name);
        return `cap-${name} = ${capability === undefined ? value : capabilityText(capability, value)}`;
      }),
      ...Object.keys(row.stream ?? {}).map((name) => streamTexts[name as keyof typeof streamTexts]),
    ];
    const branch = row.branchOf === undefined ? '' : `(branch of ${row.branchOf}) `;
    return [row.version, machineTypes[at]?.traits.defaultCpu ?? '', branch + (deltas.join(', ') || '–')];
  });
  return markdown(['pseries-', 'default CPU', 'differs from the next newer type by'], rows);
}

function capabilityTable(): string {
  return markdown(
    ['capability', 'values', 'default', 'reduced below level', 'what it is'],
    capabilityRows.map((row): Row => {
      const values =
        row.values.kind === 'boolean' ? 'off, on' : row.values.kind === 'size' ? 'a size' : row.values.words.join(', ');
      const since = row.since === '2.1' ? '' : ` (from pseries-${row.since})`;
      return [
        `\`cap-${row.name}\``,
        values,
        capabilityText(row, row.standard) + since,
        row.needsLevel ?? '–',
        row.summary,
      ];
    }),
  );
}

function levelTable(): string {
  const models = cpuModels.filter(
    (model, at) => cpuModels.findLast((other) => other.class === model.class) === cpuModels[at],
  );
  return markdown(
    ['level', 'logical PVR', ...models.map((model) => `PCR on ${model.class}`)],
    levels.map((level): Row => {
      const cells = models.map((model) => {
        const row = cpuClass(model.class);
        const known = levels.indexOf(level) <= levels.findIndex((other) => other.name === row.newestLevel);
        return known ? BigInt(pcrFor(row, level.name)).toString(16) : '–';
      });
      return [level.name, `0x${level.logicalPvr.toString(16).padStart(8, '0')}`, ...cells];
    }),
  );
}

/** Options that take every obstacle but the interrupt controller out of the way on all hosts of the table. */
const unprotected: Request = {
  cpu: 'power9',
  'cap-cfpc': 'broken',
  'cap-sbbc': 'broken',
  'cap-ibs': 'broken',
  'cap-ccf-assist': 'off',
  'cap-ail-mode-3': 'off',
};

function interruptTable(): string {
  const old = named('power9-hv-4.14-noxive');
  const hosts: readonly (readonly [string, HostProfile])[] = [
    ['engine', namedProfiles[0] ?? old],
    ['KVM with XIVE', named('power9-hv-6.1')],
    ['KVM without XIVE', { ...old, name: 'old', xicsReconnect: true }],
    ['the same, XICS cannot be re-created', old],
  ];
  const letter = { kernel: 'kernel', emulated: 'emulated', none: '–' } as const;
  const rows: Row[] = [];
  for (const mode of ['dual', 'xics', 'xive']) {
    for (const chip of ['', 'on', 'off']) {
      const cells = hosts.map(([, host]) => {
        const { provision, reasons, warnings } = evaluate(
          { ...unprotected, 'ic-mode': mode, 'kernel-irqchip': chip },
          host,
        );
        if (provision === undefined) return reasons.map((reason) => `\`${reason.code}\``).join(' ');
        const { xics, xive } = provision.interruptController;
        const parts = [xics === 'none' ? '' : `XICS ${letter[xics]}`, xive === 'none' ? '' : `XIVE ${letter[xive]}`];
        const warned = warnings.some((warning) => warning.code === 'W_IRQCHIP_FALLBACK') ? ' (warning)' : '';
        return parts.filter((part) => part !== '').join(', ') + warned;
      });
      rows.push([mode, chip === '' ? 'not given' : chip, ...cells]);
    }
  }
  return markdown(['ic-mode', 'kernel-irqchip', ...hosts.map(([title]) => title)], rows);
}

function offerTable(): string {
  const rows: Row[] = [];
  for (const [title, options] of [
    ['not given, machine type 4.1 or newer', {}],
    ['not given, 3.1 and 4.0', { machine: 'pseries-4.0' }],
    ['not given, 3.0 or older', { machine: 'pseries-3.0' }],
    ['`xics`', { 'ic-mode': 'xics' }],
    ['`dual`', { 'ic-mode': 'dual' }],
    ['`xive`', { 'ic-mode': 'xive' }],
    ['any, 3.0 or older', { machine: 'pseries-3.0', 'ic-mode': 'dual' }],
  ] as const) {
    const cells = [{}, { 'max-cpu-compat': 'power8' }].map((more): string => {
      const engine = namedProfiles[0];
      if (engine === undefined) return '';
      const { environment, reasons } = evaluate({ cpu: 'power9', ...options, ...more }, engine);
      const refusal = reasons.filter((reason) => reason.option === 'ic-mode').map((reason) => `\`${reason.code}\``);
      const legacy = environment.interruptModes.legacy ? ', legacy numbers' : '';
      return refusal[0] ?? environment.interruptModes.offered + legacy;
    });
    rows.push([title, ...cells]);
  }
  return markdown(['ic-mode', 'level power9 or newer', 'below level power9'], rows);
}

function profileTable(): string {
  return markdown(
    ['profile', 'what it is', `must be given for ${newestMachineType} with a CPU of its class`],
    namedProfiles.map((profile): Row => {
      const cpu = profile.accelerator === 'kvm' ? modelsForPvr(Number(profile.pvr))[0]?.name : undefined;
      const { fix } = decide(cpu === undefined ? {} : { cpu }, profile);
      return [`\`${profile.name}\``, profile.description, fix === undefined ? 'nothing' : `\`${fix}\``];
    }),
  );
}

/** The tables by the name in their marker. */
export const tables: Readonly<Record<string, () => string>> = {
  'start-codes': () => codeTable('start'),
  'run-codes': () => codeTable('run'),
  'migration-codes': () => codeTable('migration'),
  warnings: () => codeTable('warning'),
  'machine-types': machineTable,
  capabilities: capabilityTable,
  levels: levelTable,
  'interrupt-offer': offerTable,
  'interrupt-controllers': interruptTable,
  profiles: profileTable,
};

/** @returns the page with each table between its markers written anew; an unknown marker is an error. */
export function withTables(page: string): string {
  return page.replace(/<!-- table: ([a-z-]+) -->\n[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const table = tables[name];
    if (table === undefined) throw new Error(`there is no table ${name}`);
    return `<!-- table: ${name} -->\n${table()}\n<!-- end -->`;
  });
}
