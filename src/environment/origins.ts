// Where the parts of an environment come from that follow from others: the rest of its provenance.
import { type LevelLimit, levelReached } from './capabilities.ts';
import type { MachineType } from './machine-types.ts';
import type { Notes } from './notes.ts';
import type { Request } from './request.ts';
import type { Provenance } from './types.ts';

/** The provenance of what follows from the parts above. */
export function noteTheRest(request: Request, type: MachineType, limit: LevelLimit, notes: Notes): void {
  const note = (...[member, from, detail]: Parameters<Notes['note']>) => notes.note(member, from, detail);
  const constrained = limit.maximum !== undefined;
  if (constrained) note('cpu.level', 'option', `max-cpu-compat=${limit.maximum}`);
  else note('cpu.level', 'cpu', `newest level of ${limit.cpu.name}`);
  for (const member of ['cpu.logicalPvr', 'cpu.pcr', 'cpu.maxCompat', 'cpu.rawAllowed']) {
    notes.provenance[member] = notes.provenance['cpu.level'] as Provenance; // Set on the line above the loop.
  }
  const upTo = constrained ? `max-cpu-compat=${limit.maximum}` : `all that a ${limit.cpu.name} supports`;
  for (const member of ['levels', 'platformSupport', 'paFeatures', 'piFeatures', 'mmuModes']) {
    note(member, constrained ? 'constraint' : 'cpu', upTo);
  }
  const ic = request['ic-mode'];
  if (ic !== undefined) note('interruptModes', 'option', `ic-mode=${ic}`);
  else if (type.traits.icMode === 'dual' && !levelReached(limit, 'power9')) {
    const detail = 'XIVE exists from level power9 on, so the default is narrowed to xics';
    note('interruptModes', constrained && limit.cpu.isa300 ? 'constraint' : 'cpu', detail);
  } else note('interruptModes', 'machine-type', `default of ${type.name}`);
  note('ailModes', 'platform', 'mode 0, and each mode whose capability is on');
  note('hypercalls', 'platform', 'the table of hypercalls, by capabilities, ic-mode and resize-hpt');
  note('hypertasFunctions', 'platform', 'the table of function sets, by capabilities and resize-hpt');
  note('privateFunctions', 'platform', 'the same on every machine');
  note('rtas', 'platform', 'the table of RTAS calls, by ic-mode');
  const smpGiven = (['cpus', 'sockets', 'cores', 'threads', 'maxcpus', 'vsmt'] as const).filter(
    (name) => request[name] !== undefined,
  );
  if (smpGiven.length > 0) note('smp', 'option', smpGiven.map((name) => `${name}=${request[name]}`).join(','));
  else note('smp', 'platform', 'one CPU where -smp is not given');
  if (request.vsmt !== undefined) note('smp.vsmt', 'option', `vsmt=${request.vsmt}`);
  else
    note(
      'smp.vsmt',
      'machine-type',
      type.traits.vsmtMinimum > 0 ? 'at least 8 up to pseries-4.1' : 'threads of a core',
    );
  note('facilities', 'platform', 'capabilities and CPU class');
  const page = notes.provenance['capabilities.hpt-max-page-size'];
  note('pageSizes', page?.from ?? 'platform', page?.detail ?? '');
  note('segmentSizes', 'cpu', limit.cpu.name);
  if (request.memory === undefined) note('memory', 'platform', '512 MiB where -m is not given');
  else note('memory', 'option', `-m ${request.memory}`);
  const decrementer = notes.provenance['capabilities.large-decr'];
  note('decrementer', decrementer?.from ?? 'cpu', decrementer?.detail ?? '');
  note('timebaseFrequency', 'platform', '512 MHz on every host');
  note('clockFrequency', 'platform', '1 GHz is shown on every host');
  note('characteristics', 'platform', 'cap-cfpc, cap-sbbc, cap-ibs and cap-ccf-assist');
  note('optionVector5', 'machine-type', type.name);
  note('traits', 'machine-type', type.name);
  note('devices', request.devices === undefined ? 'platform' : 'option', request.devices ?? 'none asked for');
  note('capabilities', 'machine-type', type.name);
}
