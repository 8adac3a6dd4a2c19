// continuo matrix: the outcome for every combination of two or three options or hosts, as one table.
import {
  changed,
  type Decision,
  evaluate,
  type HostProfile,
  type Request,
  withHostCpu,
} from '../../environment/index.ts';
import { exitStatus } from '../../host/exit-status.ts';
import { machineOptionHelp, parseCommandLine } from '../arguments.ts';
import type { Command } from '../command.ts';
import { chooseHost } from '../host-choice.ts';
import { printed, printedJson } from '../printable.ts';
import { hostError, usageError } from '../report.ts';
import { type Axis, type AxisValue, parseVary } from '../vary.ts';

/** More cells than this are no table that a person reads. */
const mostCells = 20_000;

interface Cell {
  readonly values: readonly AxisValue[];
  readonly host: HostProfile;
  readonly decision: Decision;
}

/** All combinations, the last axis fastest. */
function combinations(axes: readonly Axis[]): AxisValue[][] {
  return axes.reduce<AxisValue[][]>(
    (rows, axis) => rows.flatMap((row) => axis.values.map((value) => [...row, value])),
    [[]],
  );
}

function cell(values: readonly AxisValue[], request: Request, host: HostProfile): Cell {
  const used = values.find((value) => value.host !== undefined)?.host ?? host;
  const changes = values.flatMap((value) => value.change ?? []);
  return { values, host: used, decision: evaluate(withHostCpu(changed(request, changes), used), used) };
}

const letters = { kernel: 'K', emulated: 'E', none: '' } as const;

/** A cell's text: the interrupt controllers where it starts, else the reason codes. */
function cellText({ decision }: Cell): string {
  const chips = decision.provision?.interruptController;
  if (chips === undefined) return [...new Set(decision.reasons.map((reason) => reason.code))].join(' ');
  const parts = [
    chips.xics === 'none' ? '' : `XICS ${letters[chips.xics]}`,
    chips.xive === 'none' ? '' : `XIVE ${letters[chips.xive]}`,
  ].filter((part) => part !== '');
  const warns = decision.warnings.some((warning) => warning.code === 'W_IRQCHIP_FALLBACK');
  return parts.join(', ') + (warns ? ' w' : '');
}

/** The table as rows of text: the last axis across, the others down. */
function table(axes: readonly Axis[], cells: readonly Cell[]): string[][] {
  const across = axes.at(-1);
  const down = axes.slice(0, -1);
  if (across === undefined) return [];
  const rows = [[...down.map((axis) => axis.name), ...across.values.map((value) => value.text)]];
  const columns = across.values.length;
  for (let at = 0; at < cells.length; at += columns) {
    const line = cells.slice(at, at + columns);
    rows.push([...(line[0]?.values.slice(0, -1).map((value) => value.text) ?? []), ...line.map(cellText)]);
  }
  return rows;
}

function markdown(rows: readonly (readonly string[])[]): string[] {
  const text = (row: readonly string[]) => `| ${row.map((part) => part.replaceAll('|', '\\|')).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [text(head), text(head.map(() => '---')), ...rest.map(text)];
}

function plain(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const text = (row: readonly string[]) =>
    row
      .map((part, column) => part.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(text);
}

/** The command `matrix`. */
export const matrixCommand: Command = {
  name: 'matrix',
  summary: 'show what starts for every combination of two or three options or hosts',
  usage: `Usage: continuo matrix --vary A,B[,C] [machine options] [--host NAME|FILE] [--json|--markdown]

Shows one table: the last option of --vary across, the others down. A cell holds the interrupt controllers
where the combination starts (K by the host kernel, E emulated, w with a warning), else every reason code.

  --vary LIST    names of options or "host"; each may carry its values: ic-mode=xics:dual,host=engine:my.json
  --host         the host where "host" is not varied; else our own engine
  --json         an object with axes and cells
  --markdown     a Markdown table

${machineOptionHelp}
`,
  async run(args, io) {
    const line = parseCommandLine(args, { values: ['vary', 'host'], flags: ['json', 'markdown'] });
    if (line.flags.has('help')) {
      io.out(this.usage);
      return exitStatus.ok;
    }
    const problems = [...line.problems];
    const axes = parseVary(line.values.vary ?? '', problems);
    if ('problems' in axes) return hostError(io, this.name, axes);
    const size = axes.reduce((product, axis) => product * axis.values.length, 1);
    if (problems.length === 0 && size > mostCells) {
      problems.push({
        option: '--vary',
        message: `${size} combinations are more than ${mostCells}; name fewer values`,
      });
    }
    if (problems.length > 0) return usageError(io, this.name, problems);
    const host = chooseHost(line.values.host ?? 'engine');
    if ('problems' in host) return hostError(io, this.name, host);
    const cells = combinations(axes).map((values) => cell(values, line.request, host));
    if (line.flags.has('json')) {
      const json = {
        vary: axes.map((axis) => ({ name: axis.name, values: axis.values.map((value) => value.text) })),
        cells: cells.map(({ values, host: used, decision }) => ({
          values: Object.fromEntries(axes.map((axis, at) => [axis.name, values[at]?.text ?? ''])),
          host: used.name,
          verdict: decision.verdict,
          reasons: decision.reasons.map((reason) => reason.code),
          warnings: decision.warnings.map((warning) => warning.code),
          ...(decision.provision === undefined ? {} : { interruptController: decision.provision.interruptController }),
        })),
      };
      io.out(printedJson(json));
    } else {
      const rows = table(axes, cells);
      io.out(printed(line.flags.has('markdown') ? markdown(rows) : plain(rows)));
    }
    return exitStatus.ok;
  },
};
