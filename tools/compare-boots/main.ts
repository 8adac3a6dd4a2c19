// The command behind `npm run compare:boots`: boots the configurations of the boot matrix on QEMU 7.2 and on Continuo with the same
// options, and compares what the guests see. Every kind of difference must stand in reviewed.json with its reason; an unreviewed
// one fails the run, and so does a stale one when all configurations are booted.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DefaultGuest, defaultGuest } from '../../src/host/guest/default-guest.ts';
import { streamProgress } from '../../src/host/progress.ts';
import { bootAndReport } from '../../test/boot-matrix/boot.ts';
import { type Configuration, chooseConfigurations } from '../../test/boot-matrix/configurations.ts';
import { type GuestReport, readReport } from '../../test/boot-matrix/report-guest.ts';
import { readOptions } from '../tool-options.ts';
import { bootDifferences, type Difference } from './differences.ts';

/** The newest machine type that QEMU 7.2 has. */
const newestType = 'pseries-7.2';

const command = {
  name: 'compare:boots',
  usage: `Usage: npm run compare:boots -- [options] [NAME…]
Boots each configuration whose name has one of the words in it (all without a word) on QEMU and on Continuo.

  --machine TYPE     the machine type (${newestType})
  --qemu PROGRAM     the QEMU to compare with (qemu-system-ppc64)
  --reports FOLDER   keep what the guests report there, and take what is there instead of booting
  --verbose          print the reviewed differences, too
`,
};

/** One kind of difference that somebody has looked at. */
interface Reviewed {
  /** Regular expression that the whole key of a difference matches. */
  readonly key: string;
  /** Regular expression that the name of the configuration matches; absent: any. */
  readonly in?: string;
  /** The values that were reviewed, QEMU's and Continuo's; absent: any, as the reason says. */
  readonly values?: readonly (readonly [qemu: string, continuo: string])[];
  readonly verdict: 'our rule' | 'their defect' | 'later release' | 'varies';
  readonly reason: string;
}

const reviewedFile = fileURLToPath(new URL('../../../tools/compare-boots/reviewed.json', import.meta.url));

type Place = Parameters<typeof bootAndReport>[1];

/** The report of one boot: from the folder when it is there, else by booting. */
async function reportOf(configuration: Configuration, place: Place, folder: string | undefined): Promise<GuestReport> {
  const who = place.qemu === undefined ? 'continuo' : 'qemu';
  const path =
    folder === undefined
      ? undefined
      : join(folder, `${place.machineType}.${configuration.id.replace('/', '-')}.${who}.txt`);
  if (path !== undefined && existsSync(path)) return readReport(readFileSync(path, 'latin1'));
  const boot = await bootAndReport(configuration, place);
  if (path !== undefined) writeFileSync(path, boot.text, 'latin1');
  return boot.report;
}

/** Everything that the boots gave, by kind of difference. */
class Outcome {
  readonly rules: (Reviewed & { readonly pattern: RegExp; readonly where: RegExp; count: number })[];
  readonly unreviewed = new Map<string, { readonly difference: Difference; readonly where: string[] }>();

  constructor(reviewed: readonly Reviewed[]) {
    this.rules = reviewed.map((entry) => ({
      ...entry,
      pattern: new RegExp(`^(?:${entry.key})$`),
      where: new RegExp(`^(?:${entry.in ?? '.*'})$`),
      count: 0,
    }));
  }

  add(configuration: Configuration, differences: readonly Difference[]): void {
    for (const difference of differences) {
      const { key, qemu, continuo } = difference;
      const rule = this.rules.find(
        ({ pattern, where, values }) =>
          pattern.test(key) &&
          where.test(configuration.id) &&
          (values === undefined || values.some(([theirs, ours]) => theirs === qemu && ours === continuo)),
      );
      if (rule !== undefined) {
        rule.count += 1;
        continue;
      }
      const known = this.unreviewed.get(difference.key) ?? { difference, where: [] };
      known.where.push(configuration.id);
      this.unreviewed.set(difference.key, known);
    }
  }
}

async function compareAll(
  chosen: readonly Configuration[],
  guest: DefaultGuest,
  options: { readonly qemu: string; readonly machineType: string; readonly folder: string | undefined },
): Promise<Outcome> {
  const outcome = new Outcome(JSON.parse(readFileSync(reviewedFile, 'utf8')) as readonly Reviewed[]);
  const progress = streamProgress(process.stderr);
  const { qemu, machineType, folder } = options;
  for (const [at, configuration] of chosen.entries()) {
    const title = `${configuration.id} (${at + 1} of ${chosen.length})`;
    const theirs = await progress.step(`${title} on QEMU`, () =>
      reportOf(configuration, { guest, machineType, qemu }, folder),
    );
    const ours = await progress.step(`${title} on Continuo`, () =>
      reportOf(configuration, { guest, machineType }, folder),
    );
    outcome.add(configuration, bootDifferences(theirs, ours));
  }
  return outcome;
}

async function main(): Promise<number> {
  const { values, positionals } = readOptions(command, {
    allowPositionals: true,
    options: {
      qemu: { type: 'string', default: 'qemu-system-ppc64' },
      machine: { type: 'string', default: newestType },
      reports: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const version = spawnSync(values.qemu, ['-version'], { encoding: 'utf8' });
  if (version.status !== 0) {
    process.stderr.write(`compare:boots: ${values.qemu} is not installed: apt-get install qemu-system-ppc\n`);
    return 69;
  }
  const named = chooseConfigurations(positionals);
  const chosen = named.filter(({ notOnQemu }) => notOnQemu === undefined);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const left = new Map(
    named.filter(({ notOnQemu }) => notOnQemu !== undefined).map((kind) => [kind.name, kind.notOnQemu]),
  );
  for (const [name, reason] of left) say(`left out  ${name}: ${reason}`);
  if (values.reports !== undefined) mkdirSync(values.reports, { recursive: true });
  const guest = await defaultGuest({}, streamProgress(process.stderr));
  const { rules, unreviewed } = await compareAll(chosen, guest, {
    qemu: values.qemu,
    machineType: values.machine,
    folder: values.reports,
  });

  say(`${chosen.length} configurations on Continuo and on ${version.stdout.split('\n')[0]}`);
  for (const { count, verdict, key, reason } of rules) {
    if (count > 0)
      say(`${String(count).padStart(6)}  ${verdict}: ${key}${values.verbose ? `\n        ${reason}` : ''}`);
  }
  // A part of the configurations, or another machine type, cannot show all differences.
  const stale =
    positionals.length === 0 && values.machine === newestType ? rules.filter(({ count }) => count === 0) : [];
  for (const { key, verdict } of stale) if (verdict !== 'varies') say(`STALE  ${key}`);
  for (const [key, { difference, where }] of unreviewed) {
    say(`UNREVIEWED  ${key}`);
    say(`    in:       ${where.join(' ')}`);
    say(`    QEMU:     ${difference.qemu}`);
    say(`    Continuo: ${difference.continuo}`);
  }
  const failing = unreviewed.size + stale.filter(({ verdict }) => verdict !== 'varies').length;
  say(failing === 0 ? 'Nothing else differs.' : `${failing} kinds of differences to review`);
  return failing > 0 ? 1 : 0;
}

process.exitCode = await main();
