// Which options `matrix` varies and over which values.
import {
  type Change,
  cpuModels,
  type HostProfile,
  levels,
  machineTypes,
  namedProfiles,
  type OptionName,
  optionRows,
} from '../environment/index.ts';
import { chooseHosts, type HostProblem } from './host-choice.ts';
import { suggestion, type UsageProblem } from './options/machine-options.ts';

/** One value of an axis: a change of the request, or a host. */
export interface AxisValue {
  readonly text: string;
  readonly change?: Change;
  readonly host?: HostProfile;
}

/** One axis of a matrix. */
export interface Axis {
  readonly name: string;
  readonly values: readonly AxisValue[];
}

/** How a value that stands for "not given" is shown. */
export const notGiven = '(not given)';

/** The values of options that have no list of words in the table. */
function standardValues(name: OptionName): readonly string[] {
  if (name === 'machine') return machineTypes.map((type) => type.name);
  if (name === 'cpu') return cpuModels.map((model) => model.aliases[0] ?? model.name);
  if (name === 'max-cpu-compat') return ['', ...levels.map((level) => level.name)];
  if (name === 'threads') return ['1', '2', '4', '8'];
  if (name === 'vsmt') return ['', '1', '2', '4', '8'];
  if (name === 'cap-hpt-max-page-size') return ['', '4k', '64k', '16m'];
  const row = optionRows.find((candidate) => candidate.name === name);
  return row?.choices === undefined ? [] : ['', ...row.choices];
}

/**
 * Reads `--vary`: names separated by commas, each with `=value:value…` where the standard values are not wanted.
 * @returns the axes, or a host that cannot be used; wrong words are added to `problems`
 */
export function parseVary(text: string, problems: UsageProblem[]): readonly Axis[] | HostProblem {
  const axes: Axis[] = [];
  const known = ['host', ...optionRows.map((row) => row.name)];
  for (const part of text.split(',').filter((word) => word !== '')) {
    const at = part.indexOf('=');
    const name = at < 0 ? part : part.slice(0, at);
    const given = at < 0 ? undefined : part.slice(at + 1).split(':');
    if (axes.some((axis) => axis.name === name)) problems.push({ option: '--vary', message: `${name} is given twice` });
    else if (name === 'host') {
      const hosts = given === undefined ? namedProfiles : chooseHosts(given);
      if ('problems' in hosts) return hosts;
      axes.push({ name, values: hosts.map((host) => ({ text: host.name, host })) });
    } else if (known.includes(name)) {
      const option = name as OptionName; // One of the table's names, as just tested.
      const values = given ?? standardValues(option);
      if (values.length === 0) {
        problems.push({ option: '--vary', message: `give the values of ${name} as ${name}=value:value` });
      }
      axes.push({
        name,
        values: values.map((value) => ({
          text: value === '' ? notGiven : value,
          change: { option, value: value === '' ? undefined : value },
        })),
      });
    } else {
      const message = `there is no option ${name.slice(0, 40)}${suggestion(name, known)}`;
      problems.push({ option: '--vary', message });
    }
  }
  if (problems.length === 0 && (axes.length < 2 || axes.length > 3)) {
    problems.push({ option: '--vary', message: 'must name two or three options, such as ic-mode,kernel-irqchip,host' });
  }
  return axes;
}
