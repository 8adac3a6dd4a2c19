// From the options of `continuo run` to a start.
import { optionName } from './options/option-table.ts';
import type { ParsedOptions } from './options/parse-options.ts';
import { usageError } from './options/usage-error.ts';
import { type HostTime, planShared } from './plan-shared.ts';
import type { StartPlan } from './start-plan.ts';

/** `continuo run` without options: what Debian's kernel is at home on. */
const runDefaults = { machine: 'pseries', cpu: 'power9', memory: '1G', cpus: '1' } as const;

/** @throws CliError for values that cannot be, and options that exclude each other */
export function planRun(options: ParsedOptions, time: HostTime): StartPlan {
  const shared = planShared(options, 'run', time);
  const ownBoot = shared.files.kernel !== undefined || shared.files.firmware !== undefined;
  const exec = options.value('exec');
  if (exec !== undefined && ownBoot) {
    throw usageError(
      `${optionName('exec', 'run')} runs in the default guest, so without ${optionName('kernel', 'run')}`,
    );
  }
  const mirror = options.value('mirror');
  const suite = options.value('suite');
  const guest = { ...(mirror === undefined ? {} : { mirror }), ...(suite === undefined ? {} : { suite }) };
  const { cleared, ...plan } = shared;
  const defaults = Object.entries(runDefaults).filter(([name]) => !cleared.some((option) => option === name));
  return {
    ...plan,
    request: { ...Object.fromEntries(defaults), ...shared.request },
    defaultGuest: ownBoot ? undefined : guest,
    exec,
    console: { kind: 'stdio', keys: false },
    signalStatus: 'shell',
  };
}
