// The table of a comparison: each program's times and ratios, geometric means by class, the bars, what went wrong.
import type { Failure, Measurement } from './program-session.ts';
import { geometricMean, spread } from './statistics.ts';

/** All runs of one program. */
export interface ProgramRuns {
  readonly name: string;
  /** integer, floating-point or system. */
  readonly kind: string;
  readonly native: readonly (Measurement | Failure)[];
  readonly qemu: readonly (Measurement | Failure)[];
  readonly continuo: readonly (Measurement | Failure)[];
}

/** The least speed against QEMU that is wanted: of geometric means, and of each program. */
const wantedMeans: readonly (readonly [string, number])[] = [
  ['all', 2],
  ['integer', 1.5],
  ['floating-point', 5],
  ['system', 1],
];
const wantedEach = 0.7;
/** WebAssembly has no product of two 64-bit numbers with 128 bits. */
const wantedExceptions: ReadonlyMap<string, number> = new Map([['multiply128', 0.4]]);

/** The guest's clock and ours may differ by the console's delay, and by this part. */
const clockTolerance = 0.1;
const consoleDelayMs = 100;

interface Row {
  readonly name: string;
  readonly kind: string;
  /** QEMU's time over Continuo's in each round, by the guests' clocks. */
  readonly ratios: readonly number[];
  /** The same of processor time. */
  readonly processorRatio: number;
  readonly text: string;
}

const isMeasurement = (run: Measurement | Failure): run is Measurement => !('failure' in run);

function cell(value: number, digits = 2): string {
  return (Number.isNaN(value) ? '-' : value.toFixed(digits)).padStart(9);
}

function medianOf(runs: readonly Measurement[], what: 'time' | 'processor'): number {
  return runs.length === 0 ? Number.NaN : spread(runs.map((run) => run[what])).median;
}

function row({ name, kind, ...all }: ProgramRuns): Row {
  const native = all.native.filter(isMeasurement);
  const qemu = all.qemu.filter(isMeasurement);
  const continuo = all.continuo.filter(isMeasurement);
  // Runs of one round were neighbours in time: their ratio suffers least from other load.
  const ratios = all.continuo.flatMap((run, round) => {
    const other = all.qemu[round];
    return other !== undefined && isMeasurement(run) && isMeasurement(other) ? [other.time / run.time] : [];
  });
  const { min, median, max } = spread(ratios);
  const [nativeTime, qemuTime, time] = [native, qemu, continuo].map((runs) => medianOf(runs, 'time'));
  const processorRatio = medianOf(qemu, 'processor') / medianOf(continuo, 'processor');
  const cells = [nativeTime, qemuTime, time].map((value) => cell(value ?? Number.NaN, 1));
  const ends = [median, min, max, processorRatio, (nativeTime ?? Number.NaN) / (time ?? Number.NaN)];
  return { name, kind, ratios, processorRatio, text: [...cells, ...ends.map((value) => cell(value))].join('') };
}

/** What makes a program's numbers worthless or doubtful. */
function complaints({ name, ...all }: ProgramRuns): string[] {
  const found = new Set<string>();
  const checksums = new Set<string>();
  for (const [subject, runs] of Object.entries({ native: all.native, qemu: all.qemu, continuo: all.continuo })) {
    for (const run of runs) {
      if (!isMeasurement(run)) {
        found.add(`${name} on ${subject}: ${run.failure}`);
        continue;
      }
      checksums.add(run.checksum);
      if (Math.abs(run.outside - run.time) > consoleDelayMs + clockTolerance * run.outside) {
        const [inside, outside] = [run.time.toFixed(0), run.outside.toFixed(0)];
        found.add(`${name} on ${subject}: ${inside} ms by its own clock, ${outside} ms by ours`);
      }
    }
  }
  if (checksums.size > 1) found.add(`${name}: results differ: ${[...checksums].join(', ')}`);
  return [...found];
}

function bar(name: string, value: number, wanted: number): string {
  const verdict = value >= wanted ? 'met' : 'not met';
  return `${name.padEnd(28)} ${cell(value)}   wanted ${wanted.toFixed(1)}   ${verdict}`;
}

/** Lines for a person. Ratios above 1 mean that Continuo is faster. */
export function comparisonReport(programs: readonly ProgramRuns[]): string[] {
  const rows = programs.map(row);
  const measured = rows.filter(({ ratios }) => ratios.length > 0);
  const head = ['native ms', 'qemu ms', 'ours ms', 'x qemu', 'min', 'max', 'x by CPU', 'x native'];
  const lines = [
    `${'program'.padEnd(16)}${head
      .map((word) => word.padStart(9))
      .join(' ')
      .replaceAll(/ (?= )/g, '')}`,
  ];
  for (const { name, text } of rows) lines.push(`${name.padEnd(16)}${text}`);
  lines.push('', 'Geometric means of speed against QEMU (by clock, by processor time)');
  const means = wantedMeans.map(([kind, wanted]) => {
    const members = measured.filter((member) => kind === 'all' || member.kind === kind);
    const clock = geometricMean(members.map(({ ratios }) => spread(ratios).median));
    const processor = geometricMean(members.map(({ processorRatio }) => processorRatio));
    return { kind, wanted, clock, processor };
  });
  for (const { kind, clock, processor } of means) lines.push(`${kind.padEnd(16)}${cell(clock)}${cell(processor)}`);
  lines.push('', 'Bars');
  for (const { kind, wanted, clock } of means) lines.push(bar(`mean of ${kind}`, clock, wanted));
  for (const { name, ratios } of rows) {
    const wanted = wantedExceptions.get(name) ?? wantedEach;
    const { median } = spread(ratios);
    if (!(median >= wanted)) lines.push(bar(name, median, wanted));
  }
  const doubts = programs.flatMap(complaints);
  if (doubts.length > 0) lines.push('', 'Doubtful', ...doubts);
  return lines;
}
