// The command behind `npm run boot:matrix`: boots every configuration and compares what the guest reports with what
// `continuo explain --json` says of the same options. Ends with 1 when an item differs.
import { type DefaultGuest, defaultGuest } from '../../src/host/guest/default-guest.ts';
import { silentProgress, streamProgress } from '../../src/host/progress.ts';
import { readOptions, wrongOptions } from '../../tools/tool-options.ts';
import { bootAndReport } from './boot.ts';
import { askExplain, compareBoot, mismatches } from './compare.ts';
import { type Configuration, chooseConfigurations, shortIds } from './configurations.ts';
import { kernelSeries } from './linux-facts.ts';
import type { Item } from './subject.ts';

const command = {
  name: 'boot:matrix',
  usage: `Usage: npm run boot:matrix -- [options] [NAME…]
Boots Debian's kernel in each configuration whose name has one of the words in it (all without a word).

  --short          only those that npm test boots
  --machine TYPE   a machine type in place of the newest, such as pseries-4.0
  --host NAME      under the limits of a host profile ("continuo hosts" lists them): the guest sees the same, or is refused
  --list           print the names and end
  --items          print every item that was compared, not only those that differ
  --json           print the results as JSON
`,
};

/** The result of one boot. */
interface Result {
  readonly name: string;
  readonly seconds: number;
  readonly items: readonly Item[];
  /** How often the guest asked for an invalidation by hypercall. */
  readonly invalidations: number;
  /** Codes of the reasons why the host cannot give the machine: nothing was booted. */
  readonly refused?: readonly string[];
  /** Why there is no report. */
  readonly failure?: string;
}

interface Where {
  readonly guest: DefaultGuest;
  readonly machineType: string;
  readonly host?: string;
}

async function bootOne(configuration: Configuration, where: Where): Promise<Result> {
  const name = configuration.id;
  try {
    const answer = await askExplain(configuration, where.machineType, where.host);
    if (answer.refused !== undefined) {
      return { name, seconds: 0, items: [], invalidations: 0, refused: answer.refused };
    }
    const boot = await bootAndReport(configuration, where);
    const items = compareBoot(configuration, answer, boot);
    return { name, seconds: boot.seconds, items, invalidations: boot.calls.get('H_RPT_INVALIDATE') ?? 0 };
  } catch (error) {
    // A boot that ends early is a result: the others go on.
    const failure = error instanceof Error ? error.message : String(error);
    return { name, seconds: 0, items: [], invalidations: 0, failure };
  }
}

function row(name: string, ...cells: readonly string[]): string {
  return `${name.padEnd(26)}${cells.map((cell) => cell.padStart(11)).join('')}`;
}

/** The lines about one boot: a row of the table, then each difference. */
function resultLines({ name, seconds, items, invalidations, refused, failure }: Result, every: boolean): string[] {
  if (refused !== undefined) return [`${row(name, 'refused')}  ${refused.join(' ')}`];
  if (failure !== undefined) return [row(name, 'no report'), ...failure.split('\n').map((line) => `    ${line}`)];
  const differing = mismatches(items);
  const verdict = differing.length === 0 ? 'same' : `${differing.length} differ`;
  const shown = every ? items : differing;
  return [
    row(name, verdict, `${items.length}`, seconds.toFixed(1), `${invalidations}`),
    ...shown.flatMap((item) =>
      item.expected === item.seen
        ? [`    ${item.name}: ${item.seen}`]
        : [`    ${item.name}`, `        expected: ${item.expected}`, `        seen:     ${item.seen}`],
    ),
  ];
}

async function main(): Promise<number> {
  const { values, positionals } = readOptions(command, {
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      machine: { type: 'string', default: 'pseries' },
      host: { type: 'string' },
      list: { type: 'boolean', default: false },
      items: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const chosen = chooseConfigurations(positionals).filter(({ id }) => !values.short || shortIds.includes(id));
  if (chosen.length === 0) {
    wrongOptions(command, `no configuration has ${positionals.join(' or ')} in its name; --list has all`);
  }
  if (values.list) {
    for (const { id } of chosen) say(id);
    return 0;
  }
  const guest = await defaultGuest({}, streamProgress(process.stderr));
  if (!guest.kernelVersion.startsWith(kernelSeries)) {
    process.stderr.write(`boot:matrix: what Linux does is known of ${kernelSeries}*, not of ${guest.kernelVersion}\n`);
  }
  // A terminal that gets the table line by line needs no second report of the same steps, but for the one that is running.
  const progress = process.stderr.isTTY === true ? streamProgress(process.stderr) : silentProgress;
  if (!values.json) say(row('configuration', 'verdict', 'items', 'seconds', 'hcall inv.'));
  const results: Result[] = [];
  for (const [at, configuration] of chosen.entries()) {
    const title = `Booting ${configuration.id} (${at + 1} of ${chosen.length})`;
    const { machine: machineType, host } = values;
    const where = { guest, machineType, ...(host === undefined ? {} : { host }) };
    const result = await progress.step(title, () => bootOne(configuration, where));
    results.push(result);
    if (!values.json) for (const line of resultLines(result, values.items)) say(line);
  }
  if (values.json) {
    const documents = results.map(({ items, ...rest }) => ({ ...rest, differing: mismatches(items), items }));
    say(JSON.stringify(documents, undefined, 2));
  }
  const bad = results.filter(({ items, failure }) => failure !== undefined || mismatches(items).length > 0);
  if (!values.json) say(`${results.length} boots, ${bad.length} that differ or gave no report`);
  return bad.length > 0 ? 1 : 0;
}

process.exitCode = await main();
