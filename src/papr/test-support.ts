// A machine around the platform for tests: vCPUs without an engine, a console that is an array, a clock that stands.
import { GuestMemory } from '../cpu/guest-memory.ts';
import { state, stateBytes } from '../cpu/state.ts';
import { Vcpu } from '../cpu/vcpu.ts';
import { type Environment, environment, isRefusal, type Request } from '../environment/index.ts';
import type { BootImage } from './boot-layout.ts';
import type { CallEffect } from './hypercalls/types.ts';
import { createPlatform, type Platform, type PlatformExtensions } from './platform.ts';
import type { PlatformBoot } from './platform-state.ts';
import type { PlatformServices, TlbInvalidation, VcpuState } from './services.ts';

/** A kernel without contents, for tests that need only its place. */
export const testImage: BootImage = {
  kind: 'kernel',
  kernel: { address: 0x40_0000, size: 0x10_0000 },
  entry: 0x40_0000,
  littleEndian: true,
  initrd: { address: 0x60_0000, size: 0x1234 },
  commandLine: 'console=hvc0',
};

/** The environment of a request that is not refused; pseries-7.2 with 1 GiB unless it says more. */
export function testEnvironment(request: Request): Environment {
  const result = environment({ machine: 'pseries-7.2', memory: '1024', ...request });
  if (isRefusal(result)) throw new Error(result.reasons.map(({ message }) => message).join('; '));
  return result;
}

/** The machine and what it observed. */
export class TestMachine {
  readonly platform: Platform;
  readonly memory: GuestMemory;
  readonly vcpus: readonly Vcpu[];
  readonly states: VcpuState[];
  output = '';
  input: number[] = [];
  ticks = 512_000_000n;
  clock = 1_700_000_000_000_000_000n;
  controller = '';
  readonly invalidations: TlbInvalidation[] = [];
  partitionTable = 0n;
  /** LPIDs of which translations were dropped. */
  readonly nestedInvalidations: (number | 'all')[] = [];
  readonly warnings: string[] = [];
  /** What the host answers when a level is set. */
  levelAnswer: 'set' | 'ignored' | 'refused' = 'set';
  readonly systemResets: number[] = [];
  readonly devices = new Map<bigint, bigint>();

  constructor(
    request: Request,
    ramBytes = 0x80_0000,
    image: BootImage = testImage,
    extensions: PlatformExtensions = {},
    boot: Omit<PlatformBoot, 'image'> = {},
  ) {
    const promised = testEnvironment(request);
    const { cpus } = promised.smp;
    const buffer = new ArrayBuffer(ramBytes + cpus * stateBytes);
    this.memory = new GuestMemory(buffer, 0, ramBytes);
    this.vcpus = Array.from({ length: cpus }, (_, n) => new Vcpu(buffer, ramBytes + n * stateBytes, n));
    this.states = this.vcpus.map((_, n) => (n === 0 ? 'running' : 'stopped'));
    this.platform = createPlatform(promised, this.#services(), { image, ...boot }, extensions);
    this.platform.reset();
  }

  #services(): PlatformServices {
    const stateOf = (index: number): VcpuState => this.states[index] ?? 'stopped';
    return {
      memory: this.memory,
      vcpus: this.vcpus,
      resetVcpu: (index) => {
        for (let n = 0; n < 32; n++) this.vcpus[index]?.setGpr(n, 0n);
      },
      contextChanged: () => {},
      vcpuState: stateOf,
      startVcpu: (index) => {
        this.states[index] = 'running';
      },
      wakeVcpu: (index) => {
        if (stateOf(index) === 'sleeping') this.states[index] = 'running';
      },
      systemReset: (index) => {
        this.systemResets.push(index);
      },
      activateInterruptController: (mode) => {
        this.controller = mode;
      },
      resetInterruptControllers: () => {
        this.controller = 'power-on';
      },
      setLevel: (logicalPvr) => (logicalPvr === 0 ? 'set' : this.levelAnswer),
      warn: (code) => {
        this.warnings.push(code);
      },
      invalidateTlb: (request) => {
        this.invalidations.push(request);
      },
      nested: {
        setPartitionTable: (ptcr) => {
          this.partitionTable = ptcr;
        },
        enter: (index) => this.enterNested(this.vcpu(index)),
        copy: () => 0n,
        invalidate: (lpid) => {
          this.nestedInvalidations.push(lpid);
        },
      },
      writeConsole: (bytes) => {
        this.output += String.fromCharCode(...bytes);
      },
      readConsole: (into) => {
        const taken = this.input.splice(0, into.length);
        into.set(taken);
        return taken.length;
      },
      wallClock: () => this.clock,
      setWallClock: (nanoseconds) => {
        this.clock = nanoseconds;
      },
      timebase: () => this.ticks,
      randomBytes: (into) => into.fill(0x5a),
      deviceLoad: (address) => this.devices.get(address),
      deviceStore: (address, _size, value) => {
        if (!this.devices.has(address)) return false;
        this.devices.set(address, value);
        return true;
      },
      log: () => {},
    };
  }

  /** A guest of the guest that is entered leaves at once; r5 is its LPID here. */
  enterNested(vcpu: Vcpu): bigint {
    vcpu.view.setInt32(state.nested.offset, 1, true);
    vcpu.view.setUint32(state.nestedLpid.offset, Number(vcpu.gpr(5)), true);
    return 0n;
  }

  vcpu(index = 0): Vcpu {
    const vcpu = this.vcpus[index];
    if (vcpu === undefined) throw new Error(`no vCPU ${index}`);
    return vcpu;
  }

  /** Makes a hypercall on a vCPU: r3, the effect, and the registers r4 to r9 afterwards. */
  call(number: number, args: readonly bigint[] = [], index = 0): HypercallOutcome {
    const vcpu = this.vcpu(index);
    vcpu.setGpr(3, BigInt(number));
    for (let n = 0; n < 9; n++) vcpu.setGpr(4 + n, BigInt.asUintN(64, args[n] ?? 0n));
    const effect = this.platform.hypercall(vcpu);
    return {
      status: BigInt.asIntN(64, vcpu.gpr(3)),
      effect,
      results: Array.from({ length: 6 }, (_, n) => vcpu.gpr(4 + n)),
    };
  }

  /** Writes cells at an address. */
  put(address: number, ...cells: readonly number[]): void {
    cells.forEach((cell, n) => {
      this.memory.write32(address + 4 * n, cell >>> 0);
    });
  }

  /** Writes a text and its NUL at an address, which is returned. */
  text(address: number, text: string): number {
    this.memory.writeBytes(
      address,
      Uint8Array.from([...text, '\0'], (c) => c.charCodeAt(0)),
    );
    return address;
  }

  /** Calls a service of the client interface with its cells at 0x70_0000; strings are put behind them. */
  prom(service: string, args: readonly (number | string)[], results = 1): PromOutcome {
    const block = 0x70_0000;
    let at = block + 0x200;
    const place = (text: string): number => {
      const address = this.text(at, text);
      at += text.length + 1;
      return address;
    };
    const cells = args.map((argument) => (typeof argument === 'string' ? place(argument) : argument));
    this.put(block, place(service), cells.length, results, ...cells);
    const { status, effect } = this.call(0xf005, [BigInt(block)]);
    const from = block + 12 + 4 * cells.length;
    return { status, effect, returns: Array.from({ length: results }, (_, n) => this.memory.read32(from + 4 * n)) };
  }

  /** Makes an RTAS call with its cells at 0x71_0000. */
  rtas(token: number, args: readonly number[], results: number, index = 0): PromOutcome {
    const block = 0x71_0000;
    this.put(block, token, args.length, results, ...args);
    const { status, effect } = this.call(0xf000, [BigInt(block)], index);
    const from = block + 12 + 4 * args.length;
    return {
      status,
      effect,
      returns: Array.from({ length: results }, (_, n) => this.memory.read32(from + 4 * n) | 0),
    };
  }
}

/** What a hypercall did. */
export interface HypercallOutcome {
  /** r3, signed. */
  readonly status: bigint;
  readonly effect: CallEffect;
  readonly results: readonly bigint[];
}

/** What a call with cells did. */
export interface PromOutcome {
  readonly status: bigint;
  readonly effect: CallEffect;
  readonly returns: readonly number[];
}
