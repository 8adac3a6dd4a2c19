// Asks the environment layer the first two questions: what will the guest see, and can this engine give exactly that.
import {
  decide,
  type Environment,
  type HostProfile,
  type Provision,
  type Reason,
  withHostCpu,
} from '../environment/index.ts';
import { exitStatus } from '../host/exit-status.ts';
import { machineLimits } from '../machine/machine-limits.ts';
import { chooseHost } from './host-choice.ts';
import { requestOptionName } from './options/guest-request.ts';
import { CliError } from './options/usage-error.ts';
import type { StartPlan } from './start-plan.ts';

/** The host whose limits hold: the one that was named, else our own engine. */
function hostOf({ host }: StartPlan): HostProfile {
  const chosen = chooseHost(host?.path ?? 'engine');
  if (!('problems' in chosen)) return chosen;
  const status = chosen.badFile ? exitStatus.badInput : exitStatus.usage;
  throw new CliError(status, ...chosen.problems.map((problem) => `${host?.option}: ${problem}`));
}

/** Reasons that are about how an option is written. */
const syntaxCodes: readonly string[] = ['E_CAP_VALUE', 'E_CAP_POW2', 'E_IC_MODE_VALUE', 'E_OPTION_VALUE'];

/** The environment of a start, and how it is given. */
export interface Accepted {
  readonly environment: Environment;
  readonly provision: Provision;
  /**
   * What the user is told at a start. Work-arounds that the engine does not need and that a machine type has by default are
   * left to `explain` and --verbose.
   */
  readonly warnings: readonly string[];
}

/** A way out with the options of the program that was started, in place of those of `continuo explain`. */
function inOwnOptions(fix: string, names: StartPlan['requestNames']): string {
  const own: Readonly<Record<string, string>> = { ...names, cpus: names.smp };
  return fix.replace(/--(machine|cpus|cpu|memory)(?= )/g, (option, name: string) => own[name] ?? option);
}

function reasonLine(reason: Reason, names: StartPlan['requestNames']): string {
  // A way out that only takes an option away has no text to type.
  const typed = reason.fix !== undefined && !/undefined|=(?=[,\s]|$)/.test(reason.fix);
  const fix = typed ? `; try ${inOwnOptions(reason.fix ?? '', names)}` : '';
  return `${requestOptionName(reason.option, names)}: ${reason.message}${fix} [${reason.code}]`;
}

/**
 * Decides whether the request can start.
 * @throws CliError with every reason at once
 */
export function acceptEnvironment(plan: StartPlan): Accepted {
  const host = hostOf(plan);
  const decision = decide(withHostCpu(plan.request, host), host);
  if (decision.provision === undefined) {
    const syntax = decision.reasons.every(({ code }) => syntaxCodes.includes(code));
    throw new CliError(
      syntax ? exitStatus.usage : exitStatus.refused,
      ...decision.reasons.map((reason) => reasonLine(reason, plan.requestNames)),
    );
  }
  const limits = machineLimits(decision.environment);
  if (limits.length > 0) {
    throw new CliError(
      exitStatus.refused,
      ...limits.map(({ option, message }) => `${requestOptionName(option, plan.requestNames)}: ${message}`),
    );
  }
  const shown = decision.warnings.filter(
    ({ code, option }) => plan.verbose || code !== 'W_SEC' || option in plan.request,
  );
  const deviations = decision.provision.deviations.filter(
    ({ message }) => !shown.some((warning) => warning.message === message),
  );
  return {
    environment: decision.environment,
    provision: decision.provision,
    warnings: [
      ...shown.map((reason) => reasonLine(reason, plan.requestNames)),
      ...deviations.map(({ name, message }) => `${plan.host?.option} ${host.name}: ${message} [deviation ${name}]`),
    ],
  };
}
