// What the two programs read from their options alike, each under its own option names.
import type { OptionName } from '../environment/index.ts';
import type { ImageKind } from '../machine/loader/image-error.ts';
import { readGuestRequest } from './options/guest-request.ts';
import { type OptionKey, optionName, type Program } from './options/option-table.ts';
import { parseEngine, parseIcount, parseLogItems, parseRtcBase, parseTimeout } from './options/option-values.ts';
import type { ParsedOptions } from './options/parse-options.ts';
import { usageError } from './options/usage-error.ts';
import type { NamedFile, StartPlan } from './start-plan.ts';

/** What the host's clock says, for -rtc. */
export interface HostTime {
  /** Seconds since 1970-01-01 UTC. */
  readonly now: number;
  /** Seconds that local time is ahead of UTC. */
  readonly localOffset: number;
}

const imageKinds: readonly ImageKind[] = ['kernel', 'initrd', 'firmware', 'deviceTree'];

/** The parts of a start that the programs do not treat differently. */
export type SharedPlan = Omit<StartPlan, 'defaultGuest' | 'exec' | 'console' | 'signalStatus'> & {
  /** Options of the request that were taken back with an empty value. */
  readonly cleared: readonly OptionName[];
};

/** @throws CliError for values that cannot be, and for what is known but not built */
export function planShared(options: ParsedOptions, program: Program, time: HostTime): SharedPlan {
  const name = (key: OptionKey): string => optionName(key, program);
  const parsed = <T>(key: OptionKey, parse: (option: string, value: string) => T): T | undefined => {
    const value = options.value(key);
    return value === undefined ? undefined : parse(name(key), value);
  };
  const requestNames = {
    machine: name('machine'),
    cpu: name('cpu'),
    smp: name('smp'),
    memory: name('memory'),
    accel: name('accel'),
  };
  const guest = readGuestRequest({
    machine: options.values('machine'),
    accel: options.values('accel'),
    cpu: options.value('cpu'),
    smp: options.value('smp'),
    memory: options.value('memory'),
    names: requestNames,
  });
  const files: Partial<Record<ImageKind, NamedFile>> = {};
  for (const kind of imageKinds) {
    const path = options.value(kind) ?? guest.files[kind];
    if (path !== undefined) files[kind] = { option: name(kind), path };
  }
  if (files.initrd !== undefined && files.kernel === undefined)
    throw usageError(`${name('initrd')} needs ${name('kernel')}`);
  const dumpPath = guest.dumpDeviceTree;
  return {
    request: guest.request,
    cleared: guest.cleared,
    host: parsed('host', (option, path) => ({ option, path })),
    requestNames,
    files,
    append: options.value('append') ?? guest.append,
    rtcBaseSeconds:
      parsed('rtc', (option, value) => parseRtcBase(option, value, time.now, time.localOffset)) ?? time.now,
    icountShift: parsed('icount', parseIcount),
    engine: parsed('engine', parseEngine),
    noReboot: options.has('noReboot'),
    logItems: parsed('log', parseLogItems) ?? [],
    logFile: parsed('logFile', (option, path) => ({ option, path })),
    dumpDeviceTree: dumpPath === undefined ? undefined : { option: `${name('machine')} dumpdtb`, path: dumpPath },
    timeoutSeconds: parsed('timeout', parseTimeout),
    statistics: options.has('statistics'),
    profile: options.has('profile'),
    verbose: options.has('verbose'),
  };
}
