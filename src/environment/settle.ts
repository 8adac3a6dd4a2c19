// What a request settles before the host is asked: machine type, CPU, level, capabilities, MMU offer (sections 2, 3, 7.2).
import {
  type CapabilityName,
  type CapabilityRow,
  type CapabilityValues,
  capabilityDefault,
  type LevelLimit,
  levelReached,
  parseCapability,
} from './capabilities.ts';
import { type CpuModel, classSupports, cpuClass, cpuModels, findCpuModel, findLevel, levels } from './cpu-models.ts';
import { findMachineType, type MachineType, machineTypes, newestMachineType } from './machine-types.ts';
import { clip, didYouMean, type Notes } from './notes.ts';
import type { OptionName, Request } from './request.ts';
import type { Environment } from './types.ts';

/** The machine type and CPU model of a request; unknown names are refused and replaced by the defaults. */
export function machineAndCpu(request: Request, notes: Notes): { type: MachineType; model: CpuModel } {
  const wanted = request.machine ?? 'pseries';
  const found = findMachineType(wanted);
  if (found === undefined) {
    const known = machineTypes.map((row) => row.name);
    notes.refuse('E_OPTION_VALUE', 'machine', `there is no machine type ${clip(wanted)}${didYouMean(wanted, known)}`);
  }
  // The newest name is a row of the table.
  const type = found ?? (findMachineType(newestMachineType) as MachineType);
  notes.note('machineType', request.machine === undefined ? 'platform' : 'option', `machine=${wanted}`);

  const defaultModel = findCpuModel(type.traits.defaultCpu) as CpuModel; // A default of the table names a model of the table.
  const wantedCpu = request.cpu;
  const model = wantedCpu === undefined ? defaultModel : findCpuModel(wantedCpu);
  if (model === undefined) {
    const known = cpuModels.flatMap((row) => [row.name, ...row.aliases]);
    const why =
      wantedCpu?.toLowerCase() === 'host'
        ? 'cpu=host is the CPU of a host, so no environment can be made from it alone; name the model'
        : `there is no CPU model ${clip(wantedCpu ?? '')}${didYouMean(wantedCpu ?? '', known)}`;
    notes.refuse(wantedCpu?.toLowerCase() === 'host' ? 'E_CPU_HOST' : 'E_OPTION_VALUE', 'cpu', why);
  }
  const chosen = model ?? defaultModel;
  const by = type.changedBy.defaultCpu;
  if (wantedCpu === undefined) {
    notes.note('cpu', 'machine-type', by === undefined ? `default of ${type.name}` : `default up to pseries-${by}`);
  } else {
    notes.note('cpu', 'option', `cpu=${wantedCpu}`);
  }
  return { type, model: chosen };
}

/** The limit on the CPU level: class and max-cpu-compat (section 7.2). */
export function levelLimit(request: Request, model: CpuModel, notes: Notes): LevelLimit {
  const cpu = cpuClass(model.class);
  const wanted = request['max-cpu-compat'];
  if (wanted === undefined) return { cpu, maximum: undefined };
  const option = 'max-cpu-compat';
  const level = findLevel(wanted.toLowerCase());
  if (level === undefined) {
    const known = levels.map((row) => row.name);
    const text = `max-cpu-compat=${clip(wanted)} is no level; there are ${known.join(', ')}`;
    notes.refuse('E_COMPAT_NAME', option, text + didYouMean(wanted, known));
    return { cpu, maximum: undefined };
  }
  if (!classSupports(cpu, level.name)) {
    const text = `a ${cpu.name} CPU runs in levels up to ${cpu.newestLevel}, not ${level.name}`;
    notes.refuse('E_COMPAT_CPU', option, text);
    return { cpu, maximum: undefined };
  }
  return { cpu, maximum: level.name };
}

/** The capability values of a request, with the checks that do not need a host (section 3.3). */
export function capabilities(
  request: Request,
  rows: readonly CapabilityRow[],
  type: MachineType,
  limit: LevelLimit,
  notes: Notes,
): CapabilityValues {
  const values: Record<string, number> = {};
  for (const row of rows) {
    const option: OptionName = `cap-${row.name}`;
    const given = request[option];
    const standard = capabilityDefault(row, type, limit);
    let value = standard.value;
    if (given !== undefined) {
      const parsed = parseCapability(row, given);
      if (typeof parsed === 'number') value = parsed;
      else notes.reasons.push(parsed);
    }
    values[row.name] = value;
    if (given === undefined) notes.note(`capabilities.${row.name}`, standard.source, standard.detail);
    else notes.note(`capabilities.${row.name}`, 'option', `${option}=${given}`);
  }
  // Every row of the table has been given a value above.
  const all = values as Record<CapabilityName, number>;
  checkCapabilities(all, limit, notes);
  return all;
}

/** The checks of capability values that come out the same on every host, in index order. */
function checkCapabilities(values: CapabilityValues, limit: LevelLimit, notes: Notes): void {
  const { cpu, maximum } = limit;
  const below = maximum === undefined ? `a ${cpu.name} CPU` : `${cpu.name} with max-cpu-compat=${maximum}`;
  if (values.vsx !== 0 && !cpu.vsx) notes.refuse('E_VSX', 'cap-vsx', `a ${cpu.name} CPU has no VSX`);
  if (values.dfp !== 0 && !cpu.dfp) notes.refuse('E_DFP', 'cap-dfp', `a ${cpu.name} CPU has no decimal floating point`);
  const shift = values['hpt-max-page-size'];
  if (shift < 12) {
    const text = `the largest hash page of ${1 << shift} bytes is smaller than 4 KiB, the smallest there is`;
    notes.refuse('E_HPT_MIN', 'cap-hpt-max-page-size', text);
  } else if (shift < 16) {
    const message = `hash pages of at most ${1 << (shift - 10)} KiB: many guests expect 64 KiB pages`;
    notes.warnings.push({ code: 'W_PAGE_SMALL', option: 'cap-hpt-max-page-size', message });
  }
  if (values['nested-hv'] !== 0) {
    if (!cpu.isa300) {
      notes.refuse('E_NESTED', 'cap-nested-hv', `nested KVM needs ISA 3.0, which a ${cpu.name} CPU does not have`);
    }
    if (values['nested-papr'] !== 0) {
      const text = 'cap-nested-hv and cap-nested-papr are two interfaces to the same thing; only one can be on';
      notes.refuse('E_NESTED_EXCL', 'cap-nested-hv', text);
    }
  }
  if (values['large-decr'] !== 0 && !levelReached(limit, 'power9')) {
    notes.refuse(
      'E_LARGE_DECR',
      'cap-large-decr',
      `the large decrementer exists from level power9 on, not on ${below}`,
    );
  }
  if (values['ail-mode-3'] !== 0 && !cpu.hasAil) {
    notes.refuse('E_AIL3', 'cap-ail-mode-3', `AIL exists from ISA 2.07 on; a ${cpu.name} CPU has none`);
  }
  if (values['nested-papr'] !== 0 && !cpu.isa300) {
    notes.refuse('E_NESTED', 'cap-nested-papr', `nested KVM needs ISA 3.0, which a ${cpu.name} CPU does not have`);
  }
  if (values.dawr1 !== 0 && !levelReached(limit, 'power10')) {
    notes.refuse('E_DAWR1', 'cap-dawr1', `the second watchpoint exists from level power10 on, not on ${below}`);
  }
  if (values['ail-mode-2'] !== 0 && !cpu.hasAil2) {
    notes.refuse('E_AIL2', 'cap-ail-mode-2', `AIL mode 2 exists on POWER8 and POWER9 only, not on ${cpu.name}`);
  }
}

type MmuOffer = Environment['mmuOffer'];

/** The MMU modes to offer (section 1, mmu-offer). */
export function mmuOffer(request: Request, limit: LevelLimit, notes: Notes): MmuOffer {
  const radixLevel = levelReached(limit, 'power9');
  const standard: MmuOffer = radixLevel ? 'either' : 'hash';
  const wanted = request['mmu-offer']?.toLowerCase();
  if (wanted === undefined) {
    const byUser = !radixLevel && limit.cpu.isa300;
    const detail = radixLevel ? 'level power9 and newer' : `below level power9 there is only hash`;
    notes.note('mmuOffer', byUser ? 'constraint' : 'cpu', detail);
    return standard;
  }
  notes.note('mmuOffer', 'option', `mmu-offer=${wanted}`);
  if (wanted !== 'either' && wanted !== 'radix' && wanted !== 'hash') {
    const known = ['either', 'radix', 'hash'];
    const text = `mmu-offer=${clip(wanted)} is none of ${known.join(', ')}${didYouMean(wanted, known)}`;
    notes.refuse('E_OPTION_VALUE', 'mmu-offer', text);
    return standard;
  }
  if (wanted !== 'hash' && !radixLevel) {
    const why = limit.cpu.isa300 ? `max-cpu-compat=${limit.maximum}` : `a ${limit.cpu.name} CPU`;
    notes.refuse('E_MMU', 'mmu-offer', `mmu-offer=${wanted} offers radix, which ${why} does not reach`);
    return standard;
  }
  return wanted;
}

/** The resizing of the hash page table: as given, else the machine type's (section 2). */
export function resizeHpt(request: Request, type: MachineType, notes: Notes): Environment['resizeHpt'] {
  const wanted = request['resize-hpt']?.toLowerCase();
  if (wanted === undefined || wanted === 'default') {
    const by = type.changedBy.resizeHpt;
    notes.note(
      'resizeHpt',
      'machine-type',
      by === undefined ? `default of ${type.name}` : `default up to pseries-${by}`,
    );
    return type.traits.resizeHpt;
  }
  notes.note('resizeHpt', 'option', `resize-hpt=${wanted}`);
  if (wanted === 'disabled' || wanted === 'enabled' || wanted === 'required') return wanted;
  const known = ['default', 'disabled', 'enabled', 'required'];
  const text = `resize-hpt=${clip(wanted)} is none of ${known.join(', ')}${didYouMean(wanted, known)}`;
  notes.refuse('E_OPTION_VALUE', 'resize-hpt', text);
  return type.traits.resizeHpt;
}
