// From QEMU's options to a start: the same machine as `continuo run`, with QEMU's defaults.
import { optionName } from './options/option-table.ts';
import { type ConsoleChoice, expectNone, parseSerial } from './options/option-values.ts';
import type { ParsedOptions } from './options/parse-options.ts';
import { notBuiltError, usageError } from './options/usage-error.ts';
import { type HostTime, planShared } from './plan-shared.ts';
import type { StartPlan } from './start-plan.ts';

/** The console: -serial decides; without it -nodefaults means none, else QEMU's -nographic form. */
function consoleOf(options: ParsedOptions): ConsoleChoice {
  const option = optionName('serial', 'system');
  const [first, ...others] = options.values('serial').map((value) => parseSerial(option, value));
  if (others.some(({ kind }) => kind !== 'null')) throw notBuiltError(`a second ${option}`);
  if (first !== undefined) return first;
  return options.has('nodefaults') ? { kind: 'null' } : { kind: 'stdio', keys: true };
}

/** @throws CliError for values that cannot be, and for what is known but not built */
export function planSystem(options: ParsedOptions, time: HostTime): StartPlan {
  for (const key of ['display', 'vga', 'monitor', 'parallel', 'network'] as const) {
    for (const value of options.values(key)) expectNone(optionName(key, 'system'), value);
  }
  const { cleared: _cleared, ...shared } = planShared(options, 'system', time);
  const { files, dumpDeviceTree } = shared;
  if (files.kernel === undefined && files.firmware === undefined && dumpDeviceTree === undefined) {
    const [kernel, firmware] = [optionName('kernel', 'system'), optionName('firmware', 'system')];
    throw usageError(`nothing to boot: give ${kernel} FILE or ${firmware} FILE`);
  }
  return { ...shared, defaultGuest: undefined, exec: undefined, console: consoleOf(options), signalStatus: 'zero' };
}
