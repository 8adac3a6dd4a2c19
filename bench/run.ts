// A program: runs the benchmark programs on Continuo, on QEMU and natively, in turns, and prints times and ratios.
import { defaultGuest } from '../src/host/guest/default-guest.ts';
import { streamProgress } from '../src/host/progress.ts';
import { readOptions, wholeNumber } from '../tools/tool-options.ts';
import { BenchError } from './bench-error.ts';
import { comparisonReport, type ProgramRuns } from './comparison-report.ts';
import { compilePrograms } from './compile-programs.ts';
import { type Failure, type Measurement, ProgramSession } from './program-session.ts';
import { loadNote, requireQemu } from './requirements.ts';
import { continuo, interpreter, qemu, type Subject } from './subjects.ts';

const quickDivisor = 8;

const command = {
  name: 'bench',
  usage: `Usage: npm run bench -- [options]
Runs the benchmark programs natively, on QEMU and on Continuo, and prints times and ratios (bench/README.md).

  --only NAME,…         only these programs
  --runs N              rounds (5)
  --quick               one round of an eighth of the work
  --without-translator  Continuo interprets
  --json                the measurements as JSON
`,
};

function options() {
  const { values } = readOptions(command, {
    options: {
      only: { type: 'string' },
      runs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'without-translator': { type: 'boolean', default: false },
    },
  });
  return {
    only: values.only?.split(','),
    runs: wholeNumber(command, '--runs', values.runs ?? (values.quick ? '1' : '5'), 1),
    divisor: values.quick ? quickDivisor : 1,
    json: values.json,
    interpret: values['without-translator'],
  };
}

/** A subject whose process is started again when it has died. */
class Contestant {
  readonly subject: Subject;
  #session: ProgramSession | undefined;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  async run(name: string, divisor: number): Promise<Measurement | Failure> {
    if (this.#session === undefined || this.#session.ended) {
      this.#session = new ProgramSession(this.subject);
      const failure = await this.#session.ready();
      if (failure !== undefined) return failure;
    }
    return this.#session.run(name, divisor);
  }

  async end(): Promise<void> {
    if (this.#session !== undefined && !this.#session.ended) await this.#session.end();
  }
}

async function programsOf(subject: Subject, only: readonly string[] | undefined) {
  const session = new ProgramSession(subject);
  const failure = await session.ready();
  if (failure !== undefined) throw new BenchError(failure.failure);
  const programs = await session.list();
  await session.end();
  for (const name of only ?? []) {
    if (programs.some((program) => program.name === name)) continue;
    throw new BenchError(`--only: no program ${name}; there are ${programs.map((program) => program.name).join(', ')}`);
  }
  return programs.filter(({ name }) => only === undefined || only.includes(name));
}

async function main(): Promise<void> {
  const { only, runs, divisor, json, interpret } = options();
  requireQemu();
  const progress = streamProgress(process.stderr);
  const compiled = await progress.step('Compiling the programs', () => compilePrograms());
  const { kernelPath } = await defaultGuest({}, progress);
  const guest = { kernel: kernelPath, initrd: compiled.initrd, commandLine: 'console=hvc0 quiet loglevel=0' };
  const native: Subject = { name: 'native', command: compiled.native, args: [] };
  const subjects = [native, qemu(guest, 'light'), (interpret ? interpreter : continuo)(guest)];
  const programs = await programsOf(native, only);
  const contestants = subjects.map((subject) => new Contestant(subject));
  const results: ProgramRuns[] = [];
  for (const program of programs) {
    const measured = contestants.map((): (Measurement | Failure)[] => []);
    await progress.step(program.name, async () => {
      for (let run = 0; run < runs; run++) {
        for (const [index, contestant] of contestants.entries()) {
          measured[index]?.push(await contestant.run(program.name, divisor));
        }
      }
    });
    const [nativeRuns = [], qemuRuns = [], continuoRuns = []] = measured;
    results.push({ ...program, native: nativeRuns, qemu: qemuRuns, continuo: continuoRuns });
  }
  await Promise.all(contestants.map((contestant) => contestant.end()));
  if (json) process.stdout.write(`${JSON.stringify({ divisor, runs, programs: results })}\n`);
  else
    for (const line of [...compiled.notes, ...comparisonReport(results), ...loadNote()])
      process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 69;
}
