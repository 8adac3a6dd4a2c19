// The answer to a whole request on a host: environment, provision, every reason of both, and ways out that have been tried.

import { modelsForPvr } from './cpu-models.ts';
import { derive } from './environment.ts';
import { addFixes } from './fixes.ts';
import type { HostProfile } from './host-profile.ts';
import { inOrder } from './order.ts';
import { examine, type Provision } from './provide.ts';
import type { Reason } from './reasons.ts';
import { type Change, changesText, type Request } from './request.ts';
import type { Environment } from './types.ts';

/** The decision of a start. */
export interface Decision {
  readonly verdict: 'provided' | 'refused';
  /** Every reason, in the order of section 10.5. */
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  /** The fewest changes that start, all together, as the user would type them; only of a refusal that has a way out. */
  readonly fix?: string;
  /** The same changes as data. */
  readonly changes?: readonly Change[];
  /** False where the request itself is refused, whatever the host. */
  readonly possible: boolean;
  /** What the guest sees, or would see; where the request itself is refused, with defaults in place of what is wrong. */
  readonly environment: Environment;
  /** How the host gives it; only where it is provided. */
  readonly provision?: Provision;
}

/** Decides without looking for ways out: for tables over many requests. */
export function evaluate(request: Request, host: HostProfile): Decision {
  const derived = derive(request);
  const { provision, reasons: hostReasons } = examine(derived.environment, host, request);
  const reasons = inOrder([...derived.reasons, ...hostReasons]);
  const warnings = [...derived.environment.warnings, ...provision.warnings];
  const { environment } = derived;
  const possible = derived.reasons.length === 0;
  if (reasons.length > 0) return { verdict: 'refused', reasons, warnings, environment, possible };
  return { verdict: 'provided', reasons, warnings, environment, possible, provision };
}

/**
 * Would this request start on this host?
 * @param request options by name; `kernel-irqchip` and `kvm-type` are for the host
 * @param host the host's profile
 * @returns the decision; a refusal's reasons carry `fix` where changes have been found that start
 */
export function decide(request: Request, host: HostProfile): Decision {
  const decision = evaluate(request, host);
  if (decision.verdict === 'provided') return decision;
  const reasonsOf = (changed: Request) => evaluate(changed, host).reasons;
  const { reasons, changes } = addFixes(request, decision.reasons, host, reasonsOf);
  if (changes === undefined) return decision;
  return { ...decision, reasons, changes, fix: changesText(changes) };
}

/** @returns the request with `cpu=host` replaced by the model of that host's CPU; unchanged on a host without a CPU of its own. */
export function withHostCpu(request: Request, host: HostProfile): Request {
  if (request.cpu?.toLowerCase() !== 'host' || host.accelerator !== 'kvm') return request;
  const model = modelsForPvr(Number(host.pvr))[0];
  return model === undefined ? request : { ...request, cpu: model.name };
}
