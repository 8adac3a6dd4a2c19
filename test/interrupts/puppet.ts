// Drives the vCPUs of a running guest from outside, command by command, through their own loads, stores and calls.
import assert from 'node:assert/strict';
import { hypercallRows } from '../../src/environment/hypercalls.ts';
import {
  type Environment,
  evaluate,
  findProfile,
  type HostConstraints,
  type HostProfile,
  type Request,
  vcpuId,
} from '../../src/environment/index.ts';
import { rtasRows } from '../../src/environment/rtas-calls.ts';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import type { InterruptHypercallResult } from '../../src/interrupts/hypercall.ts';
import { createSteppableMachine, type SteppableMachine } from '../../src/machine/machine.ts';
import type { MachineHost, MachineOutcome } from '../../src/machine/machine-api.ts';
import { type CasRequestOptions, casRequestBytes } from '../../src/papr/cas-request-bytes.ts';
import { quietHost } from '../quiet-host.ts';
import type { Driven } from './driven.ts';
import { command, commandBytes, noServer, operation, place, puppetImage, secondaryEntry } from './puppet-source.ts';

const engineImages = loadEngineImages();

/** Far more rounds of the scheduler than a command takes. */
const mostRounds = 1000;

/** What a puppet is made from. */
export interface PuppetOptions {
  readonly request?: Request;
  /** A host's profile or its name; the engine unless given. */
  readonly host?: string | HostProfile;
  readonly constraints?: HostConstraints;
  readonly hostParts?: Partial<MachineHost>;
  /** Only vCPU 0 runs. */
  readonly alone?: boolean;
  /** What it asks for when it negotiates, XIVE and radix where that is empty; it does not negotiate where absent. */
  readonly wish?: CasRequestOptions;
}

/** A command and what came of it. */
export interface Done {
  readonly bytes: Uint8Array;
  /** Results that mean something; registers behind them may have any value. */
  readonly results: readonly bigint[];
}

/** Results of calls besides the status, while that is 0; of all others none. H_XIRR_X tells the time, too. */
const resultsOfCall: Readonly<Record<string, number>> = {
  H_IPOLL: 2,
  H_XIRR: 1,
  H_XIRR_X: 1,
  H_INT_GET_SOURCE_INFO: 4,
  H_INT_GET_SOURCE_CONFIG: 3,
  H_INT_GET_QUEUE_INFO: 2,
  H_INT_GET_QUEUE_CONFIG: 4,
  H_INT_ESB: 1,
};
const resultsOfRtas: Readonly<Record<string, number>> = { 'ibm,get-xive': 3, 'query-cpu-stopped-state': 2 };

/** Thrown when a command ends the machine. */
export class MachineEnded extends Error {
  readonly outcome: MachineOutcome;

  constructor(outcome: MachineOutcome) {
    super(`the machine has ended: ${JSON.stringify(outcome)}`);
    this.outcome = outcome;
  }
}

/** A machine whose vCPUs all run and wait for commands. */
export class Puppet implements Driven {
  readonly servers: readonly number[];
  readonly queues = 0x180_0000;
  readonly machine: SteppableMachine;
  readonly environment: Environment;
  spares = false;
  /** Every command so far. */
  readonly done: Done[] = [];
  readonly request: Uint8Array;
  /** Loads and stores use data translation; a guest of radix tables may set it. */
  translated = false;
  /** Hypercalls are made in little-endian mode. */
  littleCalls = false;

  constructor(options: PuppetOptions = {}) {
    const { request = {}, host = 'engine', constraints = {}, hostParts = {}, wish, alone = false } = options;
    const profile = typeof host === 'string' ? findProfile(host) : host;
    assert.ok(profile !== undefined, `there is a profile ${host}`);
    const asked = { cpu: 'power9', memory: '256', ...request, ...constraints };
    const { environment, provision, reasons } = evaluate(asked, profile);
    assert.ok(provision !== undefined, reasons.map(({ message }) => message).join('; '));
    this.environment = environment;
    this.servers = Array.from({ length: environment.smp.cpus }, (_, index) => vcpuId(environment.smp, index));
    this.request = casRequestBytes(wish);
    this.machine = createSteppableMachine(
      {
        environment,
        provision,
        boot: { kind: 'kernel', kernel: puppetImage(this.request), commandLine: '' },
        rtcBaseSeconds: 0,
        icountShift: 1,
        noReboot: false,
        engine: engineFromEnvironment() ?? 'translator',
        logItems: [],
      },
      quietHost(engineImages, hostParts),
    );
    if (wish) this.#negotiate();
    for (const server of alone ? [] : this.servers.slice(1))
      assert.deepEqual(this.rtas('start-cpu', [server, secondaryEntry, server], 0), [0]);
  }

  get memory() {
    return this.machine.engine.ram;
  }

  get irq() {
    return this.machine.irq;
  }

  /** Only while one vCPU runs. */
  #negotiate(): void {
    assert.equal(this.hypercall('H_CAS', [place.request, place.tree, 0x4_0000], 0).status, 0n);
    assert.equal(this.hypercall('H_REGISTER_PROC_TBL', [0x1d, place.processTable, 0, 0], 0).status, 0n);
  }

  load(cpu: number, address: bigint, size: number): bigint {
    const [value = 0n] = this.#run(cpu, operation.load, [address, this.#access(size)], 1);
    return value;
  }

  store(cpu: number, address: bigint, size: number, value: bigint): void {
    this.#run(cpu, operation.store, [address, this.#access(size), value], 0);
  }

  burst(cpu: number, count: number, stored: bigint, loaded: bigint): void {
    this.#run(cpu, operation.burst, [BigInt(count), stored, loaded], 0);
  }

  hypercall(name: string, args: readonly (number | bigint)[], cpu: number): InterruptHypercallResult {
    const number = hypercallRows.find((row) => row.name === name)?.number;
    assert.ok(number !== undefined, name);
    const count = 1 + (resultsOfCall[name] ?? 0);
    const what = this.littleCalls ? operation.callLittle : operation.call;
    const [status = 0n, ...rest] = this.#run(cpu, what, [BigInt(number), ...args.map(BigInt)], count);
    return { status: BigInt.asIntN(64, status), results: rest };
  }

  rtas(name: string, args: readonly number[], cpu: number): readonly number[] {
    const token = rtasRows.find((row) => row.name === name)?.token;
    assert.ok(token !== undefined, name);
    const count = resultsOfRtas[name] ?? 1;
    const cells = [token, args.length, count, ...args];
    const returned = this.#run(cpu, operation.rtas, [], count, cells);
    return returned.map((cell) => Number(BigInt.asIntN(32, cell)));
  }

  isSignalled(cpu: number): boolean {
    return this.#run(cpu, operation.poll, [], 1)[0] === 1n;
  }

  #access(size: number): bigint {
    return BigInt(Math.log2(size) + (this.translated ? 0x100 : 0));
  }

  /** `count` results mean something where the first is 0, or is no status; otherwise only that. */
  #run(cpu: number, number: number, args: readonly bigint[], count: number, cells: readonly number[] = []): bigint[] {
    const { memory } = this;
    const bytes = this.#give(cpu, number, args, cells);
    for (let rounds = 0; memory.read64(place.cursor) === BigInt(place.commands); rounds++) {
      this.#step();
      assert.ok(rounds < mostRounds, `a command of vCPU ${cpu} does not end`);
    }
    const isStatus = number === operation.call || number === operation.callLittle || number === operation.rtas;
    const failed = isStatus && memory.read64(place.commands + command.result) !== 0n;
    const length = failed ? 1 : count;
    const read = Array.from({ length }, (_, n) => memory.read64(place.commands + command.result + 8 * n));
    this.done.push({ bytes, results: read });
    return read;
  }

  #step(): void {
    const outcome = this.machine.step();
    if (outcome) throw new MachineEnded(outcome);
  }

  /** Has vCPU 0 restart the machine; then only that runs. */
  reboot(): void {
    const { engine } = this.machine;
    this.#give(0, operation.rtas, [], [this.environment.rtas['system-reboot'] ?? 0, 0, 1]);
    for (let rounds = 0; this.machine.engine === engine; rounds++) {
      this.#step();
      assert.ok(rounds < mostRounds, 'the machine does not restart');
    }
  }

  #give(cpu: number, number: number, args: readonly bigint[], cells: readonly number[]): Uint8Array {
    const { memory } = this;
    const bytes = commandBytes(this.servers[cpu] ?? 0, number, args, cells);
    memory.writeBytes(place.commands + command.operation, bytes.subarray(command.operation));
    memory.write64(place.commands + command.bytes, BigInt(noServer.yet));
    memory.write64(place.cursor, BigInt(place.commands));
    memory.write64(place.commands, BigInt(this.servers[cpu] ?? 0));
    return bytes;
  }
}
