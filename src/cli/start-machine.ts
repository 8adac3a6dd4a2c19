// Starts what a plan describes: asks the environment layer, reads the files, runs the machine with its console, and turns
// the end into an exit status.
import { writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { exitStatus } from '../host/exit-status.ts';
import { deviceTreeOf } from '../host/machine-runner.ts';
import { streamProgress } from '../host/progress.ts';
import { terminalSize } from '../host/terminal.ts';
import type { RunStatistics } from '../host/worker/machine-link.ts';
import { ImageError } from '../machine/loader/image-error.ts';
import type { MachineConfig } from '../machine/machine-api.ts';
import { bootFiles, fileError, imageError } from './boot-files.ts';
import { runSession, type SessionEnd } from './console-session.ts';
import { acceptEnvironment } from './environment-gate.ts';
import { engineOfHost } from './options/option-values.ts';
import { CliError } from './options/usage-error.ts';
import { profileReport } from './profile-report.ts';
import type { StartPlan } from './start-plan.ts';

/** Writes one line of talk to a person. */
export type Say = (line: string) => void;

/** The exit status of a stop that the guest did not ask for. */
function stopStatus({ stopCause }: SessionEnd, plan: StartPlan, say: Say): number {
  if (stopCause?.kind === 'timeout') {
    say(`--timeout: the guest was ended after ${plan.timeoutSeconds} s`);
    return exitStatus.timeout;
  }
  if (stopCause?.kind === 'reader-gone') return 128 + constants.signals.SIGPIPE;
  if (stopCause?.kind === 'signal' && plan.signalStatus === 'shell') return 128 + stopCause.number;
  return exitStatus.ok;
}

function execStatus(end: SessionEnd, say: Say): number | undefined {
  if (end.exec === undefined) return undefined;
  if (end.exec.status !== undefined) return end.exec.status;
  say('--exec: the guest ended before the command did');
  for (const line of end.exec.consoleBefore.split(/[\r\n]+/).filter(Boolean)) say(`the console said: ${line}`);
  return exitStatus.guestPanic;
}

function endStatus(end: SessionEnd, plan: StartPlan, say: Say): number {
  const { outcome } = end;
  if (outcome.kind === 'internal-error') {
    say(`internal error, a defect of Continuo: ${outcome.message}`);
    if (process.env.CONTINUO_DEBUG !== undefined) outcome.detail.split('\n').forEach(say);
    else say('set CONTINUO_DEBUG=1 to see where, and please report it');
    return exitStatus.internal;
  }
  if (outcome.kind === 'stopped') return stopStatus(end, plan, say);
  if (outcome.kind === 'guest-panic' || outcome.kind === 'guest-hang') {
    say(
      `${outcome.kind === 'guest-panic' ? 'the guest panicked' : 'the guest can never run again'}: ${outcome.message}`,
    );
    return exitStatus.guestPanic;
  }
  return execStatus(end, say) ?? exitStatus.ok;
}

function statisticsLines({ instructions, idles, calls, seconds }: RunStatistics): string[] {
  const speed = seconds > 0 ? instructions / seconds / 1e6 : 0;
  return [
    `${instructions} guest instructions in ${seconds.toFixed(2)} s, ${speed.toFixed(1)} million a second; idle ${idles} times`,
    ...[...calls].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${String(count).padStart(10)} ${name}`),
  ];
}

/**
 * Starts a machine and waits for its end.
 * @returns the exit status of the process
 * @throws CliError when it cannot start
 */
export async function startPlannedMachine(plan: StartPlan, say: Say): Promise<number> {
  const engine = plan.engine ?? engineOfHost();
  const { environment, provision, warnings } = acceptEnvironment(plan);
  for (const warning of warnings) say(`warning: ${warning}`);
  const files = await bootFiles(
    plan,
    environment.memory.size,
    {
      size: terminalSize(process.stdout),
      type: process.env.TERM,
      watched: plan.exec === undefined && process.stdout.isTTY === true,
    },
    streamProgress(process.stderr),
  );
  const config: MachineConfig = {
    environment,
    provision,
    boot: files.boot,
    ...(files.deviceTree === undefined ? {} : { deviceTree: files.deviceTree }),
    rtcBaseSeconds: plan.rtcBaseSeconds,
    ...(plan.icountShift === undefined ? {} : { icountShift: plan.icountShift }),
    ...(engine === undefined ? {} : { engine }),
    noReboot: plan.noReboot,
    profile: plan.profile,
    logItems: plan.logItems,
  };
  try {
    if (plan.dumpDeviceTree !== undefined) {
      const tree = await deviceTreeOf(config);
      await writeFile(plan.dumpDeviceTree.path, tree).catch((error: unknown) => {
        throw fileError(plan.dumpDeviceTree ?? { option: '', path: '' }, error, exitStatus.unavailable);
      });
      return exitStatus.ok;
    }
    const end = await runSession(plan, config, files.execNonce);
    if (plan.statistics) for (const line of statisticsLines(end.statistics)) say(line);
    const { profile, instructions } = end.statistics;
    if (plan.profile && profile) {
      const kernel = config.boot.kind === 'none' ? undefined : config.boot.kernel;
      for (const line of profileReport(profile, instructions, kernel)) say(line);
    }
    return endStatus(end, plan, say);
  } catch (error) {
    if (error instanceof ImageError) throw imageError(error, plan.files);
    if (error instanceof CliError) throw error;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const message = error instanceof Error ? error.message : String(error);
    return endStatus(
      {
        outcome: { kind: 'internal-error', message: message.split('\n')[0] ?? '', detail },
        statistics: { instructions: 0, idles: 0, calls: [], seconds: 0 },
        stopCause: undefined,
        exec: undefined,
      },
      plan,
      say,
    );
  }
}
