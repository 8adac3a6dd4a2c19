// Runs random guests on whole machines of one CPU model and checks that none of them ends, hangs or harms the host: no exception, a
// bounded number of engine returns for each slice, no write outside guest RAM.
import type { EngineImages } from '../../src/engine/engine.ts';
import { type EngineKind, engineKinds } from '../../src/engine/engine-kind.ts';
import {
  type Environment,
  environment,
  findProfile,
  isRefusal,
  type Provision,
  provide,
  type Request,
} from '../../src/environment/index.ts';
import { createSteppableMachine } from '../../src/machine/machine.ts';
import type { MachineOutcome } from '../../src/machine/machine-api.ts';
import { Random } from '../translator-fuzz/random.ts';
import { Canaries } from './canaries.ts';
import { putGuest, throwVcpu } from './guest.ts';

/** Guests that one machine runs, and steps of each: a step is a slice of each vCPU. */
const guestsPerMachine = 24;
const stepsPerGuest = 6;
/** Engine returns in one step that nobody needs: each is at least one instruction, of at most 100,000 in a step. */
const mostReturns = 200_000;
/** Returns one after the other without an instruction: a pending interrupt may cost one. */
const mostEmptyReturns = 1000;

/** A CPU model cannot be had; `message` says why. */
export class UnavailableError extends Error {}

/** What a guest did to the host; `seed` runs the machine again. */
export class HarmError extends Error {
  constructor(seed: number, cpu: string, cause: string) {
    super(`machine ${seed} of ${cpu}: ${cause}`);
  }
}

/** What machines have done so far. */
export interface Tally {
  machines: number;
  guests: number;
  instructions: number;
  translated: number;
  /** Instructions of runs that ended in a guest of the guest. */
  nested: number;
  /** Machines by how they ended. */
  readonly ends: Map<string, number>;
  /** Calls of the platform by name. */
  readonly calls: Map<string, number>;
  /** Interrupt vectors seen on the machines that are watched. */
  readonly vectors: Set<string>;
  readonly engines: Map<EngineKind, number>;
  /** Milliseconds of the longest step. */
  longestStep: number;
  /** Called after each guest. */
  progress?: (seed: number) => void;
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {
    machines: 0,
    guests: 0,
    instructions: 0,
    translated: 0,
    nested: 0,
    ends: new Map(),
    calls: new Map(),
    vectors: new Set(),
    engines: new Map(),
    longestStep: 0,
  };
}

const add = <K>(counts: Map<K, number>, key: K, count = 1): void =>
  void counts.set(key, (counts.get(key) ?? 0) + count);

interface Promised {
  readonly environment: Environment;
  readonly provision: Provision;
}

/** The environment of a request, or why there is none. */
function promise(request: Request): Promised | string {
  const profile = findProfile('engine');
  if (profile === undefined) throw new Error('the engine has no profile');
  const promised = environment(request);
  if (isRefusal(promised)) return promised.reasons.map(({ message }) => message).join('; ');
  const provision = provide(promised, profile);
  if (isRefusal(provision)) return provision.reasons.map(({ message }) => message).join('; ');
  return { environment: promised, provision };
}

/** A machine of the CPU model with 1 or 2 vCPUs and an interrupt controller that it can have; a hypervisor where that is wanted. */
function randomPromise(cpu: string, random: Random, nested: boolean): Promised {
  const shape: Request = { cpu, memory: '256', cpus: random.chance(0.5) ? '2' : '1' };
  const base: Request = nested
    ? { ...shape, 'cap-nested-hv': 'on', 'cap-rpt-invalidate': random.chance(0.5) ? 'on' : 'off' }
    : shape;
  const controller = random.pick(['xics', 'xive', 'dual', '']);
  const hpt = random.pick(['disabled', 'enabled', '']);
  const more = { ...(controller ? { 'ic-mode': controller } : {}), ...(hpt ? { 'resize-hpt': hpt } : {}) };
  const wanted = promise({ ...base, ...more });
  if (typeof wanted !== 'string') return wanted;
  const plain = promise(base);
  if (typeof plain === 'string') throw new UnavailableError(plain);
  return plain;
}

/**
 * Runs one machine through its guests, everything from the seed. Throws {@link HarmError}, {@link UnavailableError}.
 * @param nested the machine has cap-nested-hv=on, and its guests enter guests of their own
 */
export function runMachine(cpu: string, seed: number, images: EngineImages, tally: Tally, nested = false): void {
  const random = new Random(Math.imul(seed, 0x9e3779b1));
  const promised = randomPromise(cpu, random, nested);
  const { rtas, hypercalls, memory, resizeHpt } = promised.environment;
  // Those that end the machine are left to random words.
  const ending = ['power-off', 'ibm,power-off-ups', 'system-reboot', 'ibm,os-term', 'stop-self'];
  const rtasTokens = Object.entries(rtas).flatMap(([name, token]) =>
    ending.includes(name) && random.chance(0.9) ? [] : [token],
  );
  const numbers = { hypercalls: Object.values(hypercalls), rtasTokens };
  const engineKind = random.pick(engineKinds);
  const watched = random.chance(0.15);
  add(tally.engines, engineKind);
  tally.machines++;
  const harm = (cause: string): HarmError => new HarmError(seed, cpu, `${cause} (engine ${engineKind})`);
  let time = 0;
  const machine = createSteppableMachine(
    {
      ...promised,
      boot: { kind: 'firmware', firmware: new Uint8Array(0x1000), commandLine: '' },
      rtcBaseSeconds: 0,
      icountShift: random.below(8),
      noReboot: random.chance(0.9),
      engine: engineKind,
      logItems: watched ? ['int'] : [],
    },
    {
      engineImages: images,
      console: {
        read: (into) => into.fill(random.word()).length & 15,
        hasInput: () => random.chance(0.2),
        write: () => {},
      },
      monotonicNanoseconds: () => ++time,
      randomBytes: (into) => into.fill(random.word()),
      idle: () => {},
      stopRequested: () => false,
      log: (_item, line) => {
        const vector = /interrupt (0x[0-9a-f]+)/.exec(line)?.[1];
        if (vector) tally.vectors.add(vector);
      },
    },
  );
  let canaries = new Canaries(machine.engine, resizeHpt === 'disabled');
  let outcome: MachineOutcome | undefined;
  let end = 'goes on';
  for (let guest = 0; guest < guestsPerMachine && end === 'goes on'; guest++) {
    const { engine } = machine;
    if (engine !== canaries.engine) canaries = new Canaries(engine, resizeHpt === 'disabled');
    putGuest({ engine, ramBytes: memory.size, numbers, startCpu: rtas['start-cpu'] ?? 0 }, random);
    const before = tally.instructions;
    // Long runs get hot and are translated.
    const patience = random.pick([300, 1000, 1000, 10_000]);
    for (let step = 0; step < stepsPerGuest; step++) {
      let [returns, empty] = [0, 0];
      machine.watchRuns({
        interval: patience,
        ran: (vcpu, executed) => {
          tally.instructions += executed;
          if (vcpu.nestedLpid !== undefined) tally.nested += executed;
          // Garbage soon runs in a small circle: it is thrown elsewhere.
          if (executed >= patience && random.chance(0.7)) throwVcpu(engine, vcpu, memory.size, random);
          empty = executed > 0 ? 0 : empty + 1;
          if (++returns > mostReturns || empty > mostEmptyReturns)
            throw harm(`${returns} returns of the engine in one step, ${empty} of them empty at the end`);
        },
      });
      const start = performance.now();
      try {
        outcome = machine.step();
      } catch (error) {
        if (error instanceof HarmError) throw error;
        throw harm(`exception: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      }
      tally.longestStep = Math.max(tally.longestStep, performance.now() - start);
      const damage = engine === machine.engine ? canaries.damage() : undefined;
      if (damage) throw harm(damage);
      if (outcome?.kind === 'internal-error') throw harm(`${outcome.message}\n${outcome.detail}`);
      if (outcome) add(tally.ends, outcome.kind);
      // A guest that has powered off or died makes room for the next one.
      if (outcome || engine !== machine.engine) break;
    }
    tally.guests++;
    tally.progress?.(seed);
    // No vCPU runs any more: only a new machine starts them.
    if (tally.instructions === before || outcome?.kind === 'guest-hang') end = 'stopped';
  }
  add(tally.ends, end);
  const statistics = machine.statistics();
  tally.translated += statistics.profile.translated;
  for (const [name, count] of statistics.calls) add(tally.calls, name.replace(/ 0x.*/, ' of no name'), count);
}
