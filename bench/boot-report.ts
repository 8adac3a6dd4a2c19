// The table of boots and the bars that they are held against.
import type { BootMeasurement } from './boot-measurement.ts';
import { spread } from './statistics.ts';

/** All boots of one subject; at least one. */
export interface SubjectBoots {
  readonly name: string;
  readonly boots: readonly BootMeasurement[];
}

/** Names of the subjects, as the report looks for them. */
export const bootSubjects = {
  translator: 'continuo run',
  hash: 'the same, hash',
  interpreter: 'interpreter only',
  qemu: 'qemu',
  lightQemu: 'qemu x-vof=on',
} as const;

const guestMebibytes = 1024;

function medianOf(boots: readonly BootMeasurement[], of: (boot: BootMeasurement) => number): number {
  return spread(boots.map(of)).median;
}

function speed({ instructions, machineSeconds }: BootMeasurement): number {
  return instructions === undefined || machineSeconds === undefined ? Number.NaN : instructions / machineSeconds / 1e6;
}

/** Millions of guest instructions a second of processor time: other load on the machine disturbs it little. */
function processorSpeed({ instructions, processor }: BootMeasurement): number {
  return instructions === undefined ? Number.NaN : instructions / processor / 1e3;
}

function line({ name, boots }: SubjectBoots): string {
  const { min, median, max } = spread(boots.map(({ time }) => time / 1000));
  const cells = [
    median.toFixed(2),
    min.toFixed(2),
    max.toFixed(2),
    medianOf(boots, ({ processor }) => processor / 1000).toFixed(2),
    medianOf(boots, ({ residentMebibytes }) => residentMebibytes).toFixed(0),
    ...[speed, processorSpeed].map((of) => medianOf(boots, of).toFixed(0).replace('NaN', '-')),
  ];
  return `${name.padEnd(18)}${cells.map((cell) => cell.padStart(10)).join('')}`;
}

function bar(what: string, value: number, limit: number, atLeast: boolean): string {
  const verdict = (atLeast ? value >= limit : value <= limit) ? 'met' : 'not met';
  const digits = limit < 10 ? 2 : 0;
  const wanted = `${atLeast ? 'at least' : 'at most'} ${limit.toFixed(digits)}`;
  return `${what.padEnd(62)}${value.toFixed(digits).padStart(8)}   ${wanted.padEnd(16)} ${verdict}`;
}

function bars(subjects: readonly SubjectBoots[]): string[] {
  const of = (name: string): readonly BootMeasurement[] =>
    subjects.find((subject) => subject.name === name)?.boots ?? [];
  const [translator, interpreter] = [of(bootSubjects.translator), of(bootSubjects.interpreter)];
  const hash = of(bootSubjects.hash);
  const [qemu, light] = [of(bootSubjects.qemu), of(bootSubjects.lightQemu)];
  // Runs of one round were neighbours in time: their ratio suffers least from other load.
  const ratio = (to: readonly BootMeasurement[], what: 'time' | 'processor' | 'instructions' = 'time'): number =>
    spread(translator.map((boot, round) => (boot[what] ?? Number.NaN) / (to[round]?.[what] ?? Number.NaN))).median;
  const resident = (boots: readonly BootMeasurement[]): number =>
    medianOf(boots, ({ residentMebibytes }) => residentMebibytes);
  return [
    bar('interpreter: million guest instructions a second', medianOf(interpreter, speed), 100, true),
    bar(
      'interpreter: seconds to the first line',
      medianOf(interpreter, ({ time }) => time / 1000),
      20,
      false,
    ),
    // QEMU's own memory is small: what it holds is about what the guest touched.
    bar('interpreter: peak MiB (QEMU x-vof=on + 400)', resident(interpreter), resident(light) + 400, false),
    bar('translator: time as a part of QEMU with default firmware', ratio(qemu), 0.6, false),
    bar('hash translation: processor time as a part of radix', 1 / ratio(hash, 'processor'), 1.3, false),
    bar('translator: peak MiB (guest RAM + 500)', resident(translator), guestMebibytes + 500, false),
    '',
    `hash translation: guest instructions as a part of radix: ${(1 / ratio(hash, 'instructions')).toFixed(3)}`,
    `translator: time as a part of QEMU with x-vof=on: ${ratio(light).toFixed(2)}`,
    `the same of processor time: ${ratio(light, 'processor').toFixed(2)} (default firmware: ${ratio(qemu, 'processor').toFixed(2)})`,
  ];
}

/** Lines for a person. */
export function bootReport(subjects: readonly SubjectBoots[]): string[] {
  const head = ['seconds', 'min', 'max', 'CPU s', 'peak MiB', 'MIPS', 'MIPS/CPU'];
  return [
    "From process start to init's first line, default guest, 1 vCPU, 1 GiB",
    `${''.padEnd(18)}${head.map((word) => word.padStart(10)).join('')}`,
    ...subjects.map(line),
    '',
    'Bars',
    ...bars(subjects),
  ];
}
