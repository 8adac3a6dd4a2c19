// The option combinations that are compared with QEMU 7.2: machine types 2.1 to 7.2 under its TCG.
import { capabilityRows, levels, machineTypes, type Request } from '../../src/environment/index.ts';

/** Types that QEMU 7.2 knows. */
const types = machineTypes.map((type) => type.name).filter((name) => !/^pseries-([89]|10)\./.test(name));
/** CPUs that both programs have, by full name, since QEMU's aliases changed later. */
const cpus = ['power7_v2.3', 'power8_v2.0', 'power9_v2.0', 'power10_v2.0'];

/** Capabilities that QEMU 7.2 has. */
const oldCapabilities = capabilityRows.filter(
  (row) => !['ail-mode-3', 'ail-mode-2', 'nested-papr', 'dawr1'].includes(row.name),
);

/** Values to try for a capability. */
function capabilityValues(row: (typeof capabilityRows)[number]): readonly string[] {
  if (row.values.kind === 'boolean') return ['off', 'on'];
  if (row.values.kind === 'words') return row.values.words;
  return ['1k', '4k', '64k', '16m', '16g', '70000'];
}

/** @returns every combination, each once. */
export function combinations(): Request[] {
  const all: Request[] = [];
  // An old type has transactional memory on, which TCG refuses: without it the rest can be compared.
  const withoutHtm: Request = { 'cap-htm': 'off' };
  for (const machine of types) {
    all.push({ machine }, { machine, ...withoutHtm });
    for (const cpu of cpus) all.push({ machine, cpu, ...withoutHtm });
    all.push({ machine, cpu: 'power8_v2.0', 'ic-mode': 'dual', ...withoutHtm });
    for (const mode of ['xics', 'dual', 'xive'])
      all.push({ machine, cpu: 'power9_v2.0', 'ic-mode': mode, ...withoutHtm });
  }
  const machine = 'pseries-7.2';
  for (const row of oldCapabilities) {
    for (const value of capabilityValues(row)) {
      for (const cpu of ['power8_v2.0', 'power9_v2.0']) all.push({ machine, cpu, [`cap-${row.name}`]: value });
    }
  }
  for (const cpu of cpus) {
    for (const { name } of levels.filter((level) => level.name !== 'power11'))
      all.push({ machine, cpu, 'max-cpu-compat': name });
  }
  for (const old of ['pseries-7.2', 'pseries-4.2', 'pseries-2.9']) {
    const base: Request = { machine: old, cpu: 'power9_v2.0', ...withoutHtm };
    for (const value of ['default', 'disabled', 'enabled', 'required']) all.push({ ...base, 'resize-hpt': value });
    all.push(
      { ...base, cpus: '4' },
      { ...base, cpus: '2', maxcpus: '8' },
      { ...base, cpus: '8', sockets: '2', cores: '4' },
    );
    all.push({ ...base, cpus: '4', threads: '2' }, { ...base, cpus: '5', sockets: '2', cores: '2', maxcpus: '4' });
    all.push({ ...base, vsmt: '1' }, { ...base, vsmt: '8' }, { ...base, cpus: '4', vsmt: '4' }, { ...base, vsmt: '3' });
    all.push(
      { ...base, memory: '1G' },
      { ...base, memory: '300M' },
      { ...base, memory: '1G', maxmem: '4G', slots: '4' },
    );
    all.push({ ...base, memory: '1G', maxmem: '512M', slots: '1' }, { ...base, 'max-cpu-compat': 'power12' });
    all.push(
      { ...base, 'max-cpu-compat': 'power8', 'ic-mode': 'dual' },
      { ...base, 'max-cpu-compat': 'power8', 'ic-mode': 'xive' },
    );
    all.push(
      { ...base, 'ic-mode': 'both' },
      { ...base, 'cap-cfpc': 'fix' },
      { ...base, 'cap-nested-hv': 'on', cpus: '2', threads: '2' },
    );
  }
  const seen = new Map(all.map((request) => [JSON.stringify(request), request]));
  return [...seen.values()];
}
