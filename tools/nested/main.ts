// The command behind `npm run boot:nested`: boots Debian's kernel as a guest hypervisor, which runs small guests through KVM, and says
// which checks of them failed. Ends with 1 when one did.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuestFetchError } from '../../src/host/guest/guest-error.ts';
import { hasProgram } from '../../src/host/guest/program.ts';
import { silentProgress, streamProgress } from '../../src/host/progress.ts';
import { readOptions } from '../tool-options.ts';
import { type BootFiles, bootNested, type Place } from './boot.ts';
import { checkNames, compileProgram, kernelFiles, NestedError, packInitrd } from './guest-files.ts';
import { exceptionsOf, longChecks, type NestedMachine, nestedMachines, qemuExceptions } from './machines.ts';
import { type CheckResult, differingDetails, type NestedReport, readNestedReport, wrongChecks } from './report.ts';

const command = {
  name: 'boot:nested',
  usage: `Usage: npm run boot:nested -- [options] [NAME…]
Boots Debian's kernel with KVM in each machine whose name has one of the words in it (all without a word), and runs small
guests in it. Each check of them must pass.

  --checks WORD,…   only checks whose name has one of the words in it
  --quick           without the checks that boot a whole kernel as the guest
  --qemu            on QEMU, too, and compare
  --only-qemu       on QEMU alone
  --list            print the names of machines and checks and end
  --all             print every check, not only those that are wrong
  --keep FOLDER     keep the consoles there
  --mirror URL      Debian mirror to fetch the kernel from, for a machine without apt
  --json            print the results as JSON
`,
};

const patienceMs = 1_800_000;

/** One boot's results. */
interface Result {
  readonly machine: string;
  readonly place: Place;
  readonly seconds: number;
  readonly checks: readonly CheckResult[];
  /** What is wrong, for people; empty: nothing. */
  readonly wrong: readonly string[];
}

interface Job extends BootFiles {
  /** The checks that are asked for. */
  readonly names: readonly string[];
  /** Checks that are left out. */
  readonly without: readonly string[];
  readonly keep?: string;
}

async function bootOne(machine: NestedMachine, place: Place, job: Job): Promise<Result & { report: NestedReport }> {
  const exceptions = place === 'qemu' ? qemuExceptions : exceptionsOf(machine);
  const left = exceptions.filter(({ verdict }) => verdict === 'missing').map(({ check }) => check);
  left.push(...job.without);
  const words = left.length === 0 ? job.words : [...job.words, `NESTED_WITHOUT=${left.join(',')}`];
  const boot = await bootNested(machine, place, { ...job, words });
  if (job.keep !== undefined)
    writeFileSync(join(job.keep, `${machine.name.replace('/', '-')}-${place}.log`), boot.console + boot.errors);
  const report = readNestedReport(boot.console, job.names);
  const wrong = [...report.complaints];
  if (boot.status !== 0) wrong.push(`exit status ${boot.status}: ${boot.errors.trim().split('\n').at(-1) ?? ''}`);
  for (const { name, verdict, detail } of wrongChecks(report, exceptions)) wrong.push(`${name} ${verdict} ${detail}`);
  return { machine: machine.name, place, seconds: boot.seconds, checks: report.checks, wrong, report };
}

function lines({ machine, place, seconds, checks, wrong }: Result, all: boolean): string[] {
  const passed = checks.filter(({ verdict }) => verdict === 'ok').length;
  const cells = [machine.padEnd(26), place.padEnd(10), `${passed} of ${checks.length}`.padStart(9)];
  const row = `${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${cells.join('')}${seconds.toFixed(1).padStart(9)} s`;
  const every = all ? checks.map(({ name, verdict, detail }) => `       ${name.padEnd(22)}${verdict} ${detail}`) : [];
  return [row, ...every, ...wrong.map((line) => `     ${line}`)];
}

const { values, positionals } = readOptions(command, {
  allowPositionals: true,
  options: {
    checks: { type: 'string' },
    quick: { type: 'boolean', default: false },
    qemu: { type: 'boolean', default: false },
    'only-qemu': { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    keep: { type: 'string' },
    mirror: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

async function main(scratch: string): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const wanted = (name: string, words: readonly string[]) => words.length === 0 || words.some((w) => name.includes(w));
  const machines = nestedMachines.filter(({ name }) => wanted(name, positionals));
  const asked = (await checkNames()).filter((name) => wanted(name, values.checks?.split(',') ?? []));
  const names = asked.filter((name) => !(values.quick && longChecks.includes(name)));
  if (machines.length === 0 || names.length === 0) {
    process.stderr.write('boot:nested: no machine or check has such a name; --list has all\n');
    return 64;
  }
  if (values.list) {
    for (const { name } of machines) say(name);
    say(`checks: ${names.join(' ')}`);
    return 0;
  }
  const places: Place[] = values['only-qemu'] ? ['qemu'] : values.qemu ? ['continuo', 'qemu'] : ['continuo'];
  if (places.includes('qemu') && !hasProgram('qemu-system-ppc64')) {
    process.stderr.write('boot:nested: qemu-system-ppc64 is not installed\n');
    return 69;
  }
  const files = await kernelFiles(values.mirror, streamProgress(process.stderr));
  const initrd = join(scratch, 'initrd');
  writeFileSync(
    initrd,
    await packInitrd(
      readFileSync(await compileProgram(scratch)),
      files,
      longChecks.some((name) => names.includes(name)),
    ),
  );
  const words = values.checks === undefined ? [] : [`NESTED=${values.checks}`];
  const job: Job = {
    kernel: files.kernel,
    initrd,
    words,
    patienceMs,
    names,
    without: values.quick ? longChecks : [],
    ...(values.keep === undefined ? {} : { keep: values.keep }),
  };
  const progress = process.stderr.isTTY === true ? streamProgress(process.stderr) : silentProgress;
  const results: Result[] = [];
  for (const machine of machines) {
    const reports: NestedReport[] = [];
    for (const place of places) {
      if (place === 'qemu' && machine.notOnQemu !== undefined) {
        if (!values.json) say(`     ${machine.name}: not on QEMU: ${machine.notOnQemu}`);
        continue;
      }
      const { report, ...result } = await progress.step(`Booting ${machine.name} (${place})`, () =>
        bootOne(machine, place, job),
      );
      reports.push(report);
      const [ours, theirs] = reports;
      const apart = ours !== undefined && theirs !== undefined ? differingDetails(ours, theirs) : [];
      const whole = { ...result, wrong: [...result.wrong, ...apart] };
      results.push(whole);
      if (!values.json) for (const line of lines(whole, values.all)) say(line);
    }
  }
  if (values.json) say(JSON.stringify(results, undefined, 2));
  const bad = results.filter(({ wrong }) => wrong.length > 0).length;
  if (!values.json) say(`${results.length} boots of ${names.length} checks, ${bad} with something wrong`);
  return bad === 0 ? 0 : 1;
}

const scratch = mkdtempSync(join(tmpdir(), 'continuo-nested-'));
try {
  process.exitCode = await main(scratch);
} catch (error) {
  if (!(error instanceof NestedError || error instanceof GuestFetchError)) throw error;
  process.stderr.write(`boot:nested: ${error.message}\n`);
  process.exitCode = 69;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
