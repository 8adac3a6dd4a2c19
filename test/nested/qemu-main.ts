// npm run nested:qemu [-- HISTORIES [SEED]]: random use of guests of a guest, here and on QEMU. What differs and is not reviewed
// fails the run.
import { command, operation } from '../interrupts/puppet-source.ts';
import { type History, replayOnQemu } from '../interrupts/qemu-replay.ts';
import { reportHistories } from '../interrupts/qemu-report.ts';
import { place, registerField, stateField } from './hypervisor.ts';
import { reviewOf, type Seen } from './qemu-reviewed.ts';
import { randomHistory } from './random-history.ts';

const steps = 40;

/** Structures are little-endian there; what is loaded is the other way round. */
function swapped(value: bigint): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  return view.getBigUint64(0, true);
}

/** What was looked at: the result of a hypercall, a field of the two structures, a leaf of a tree. */
interface Subject {
  readonly kind: 'call' | 'field' | 'leaf';
  readonly name: string;
}

/** What a command was for. */
function subjectOf(bytes: Uint8Array): Subject | undefined {
  const view = new DataView(bytes.buffer);
  const argument = (n: number): bigint => view.getBigUint64(command.argument + 8 * n);
  const what = Number(view.getBigUint64(command.operation));
  if (what === operation.call || what === operation.callLittle) return { kind: 'call', name: 'trap' };
  if (what !== operation.load) return undefined;
  const named = (fields: Readonly<Record<string, number>>, base: bigint): string | undefined =>
    Object.entries(fields).find(([, offset]) => argument(0) === base + BigInt(offset))?.[0];
  const name = named(stateField, place.state) ?? named(registerField, place.registers);
  if (name !== undefined) return { kind: 'field', name };
  const offset = argument(0) - place.registers;
  if (offset >= 0n && offset < 256n) return { kind: 'field', name: `r${offset >> 3n}` };
  return { kind: 'leaf', name: argument(0) < place.guests ? 'leaf of the partition' : 'leaf of the process' };
}

/** A hypercall and what was looked at behind it. */
interface Step {
  readonly at: number;
  readonly seen: Map<string, Seen>;
}

function stepsOf({ done }: History, replayed: readonly (readonly bigint[])[]): Step[] {
  const found: Step[] = [];
  for (const [n, { bytes, results }] of done.entries()) {
    const subject = subjectOf(bytes);
    const [ours, theirs] = [results[0], replayed[n]?.[0]];
    if (subject === undefined || ours === undefined || theirs === undefined) continue;
    const pair: readonly [bigint, bigint] =
      subject.kind === 'field' ? [swapped(ours), swapped(theirs)] : [ours, theirs];
    if (subject.kind === 'call') found.push({ at: n, seen: new Map([['trap', pair]]) });
    else found.at(-1)?.seen.set(subject.name, pair);
  }
  return found;
}

async function compare(history: History, file: string, counts: Map<string, number>) {
  const replay = await replayOnQemu(history, file);
  const problems: string[] = replay.problem === undefined ? [] : [replay.problem];
  for (const { at, seen } of stepsOf(history, replay.results)) {
    const traps = (seen.get('trap') ?? []).map((trap) => trap.toString(16)).join('/');
    for (const [name, [ours, theirs]] of seen) {
      if (ours === theirs) continue;
      const rule = reviewOf({ name, ours, theirs, seen });
      if (rule) counts.set(rule.reason, (counts.get(rule.reason) ?? 0) + 1);
      else problems.push(`${at}: ${traps}: ${name}: ${ours.toString(16)} here, ${theirs.toString(16)}`);
    }
  }
  return { problems, commands: replay.results.length };
}

process.exitCode = await reportHistories({
  name: 'nested:qemu',
  without: 'npm test runs guests of guests on this machine alone',
  histories: 10,
  described: `histories of ${steps} steps`,
  shown: 8,
  async *compare(seed, file, reasons) {
    const { puppet } = randomHistory(seed, steps);
    const options = { cpu: 'power9', 'cap-nested-hv': 'on' };
    yield [`seed ${seed}`, await compare({ options, request: puppet.request, done: puppet.done }, file, reasons)];
  },
});
