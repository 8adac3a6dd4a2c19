// Writes the profile of this machine: our engine anywhere; on Power Linux with /dev/kvm, what KVM answers (specification 9.1).
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import {
  findProfile,
  type HostProfile,
  type KvmCapability,
  type KvmProfile,
  kvmCapabilities,
} from '../environment/index.ts';

/** What the probe needs of a kernel; a test gives one of its own. */
export interface KvmPort {
  /** KVM_CHECK_EXTENSION on a virtual machine. */
  check(number: number): number;
  /** KVM_PPC_GET_CPU_CHAR: its four doublewords, or undefined where it fails. */
  cpuCharacteristics(): readonly [bigint, bigint, bigint, bigint] | undefined;
  close(): void;
}

/** What the rest of the machine says. */
export interface MachineFacts {
  readonly name: string;
  readonly release: string;
  /** Real PVR of the CPUs. */
  readonly pvr: number;
  readonly timebaseFrequency: number;
  /** Bits of the decrementer in the device tree, 0 where it does not say. */
  readonly decrementerBits: number;
  readonly transactionalMemory: boolean;
  readonly pageSize: number;
}

/** @returns the profile that KVM's answers and the machine's facts make. */
export function kvmProfile(port: KvmPort, facts: MachineFacts): KvmProfile {
  const kvm: Partial<Record<KvmCapability, number>> = {};
  for (const [name, number] of Object.entries(kvmCapabilities)) {
    const answer = port.check(number);
    // The names come from the table whose keys the type is.
    if (answer > 0) kvm[name as KvmCapability] = answer;
  }
  const pr = (kvm.PPC_GET_PVINFO ?? 0) !== 0;
  const words = (kvm.PPC_GET_CPU_CHAR ?? 0) !== 0 ? port.cpuCharacteristics() : undefined;
  const hexWord = (word: bigint): `0x${string}` => `0x${BigInt.asUintN(64, word).toString(16)}`;
  return {
    name: facts.name,
    description: `probed: Linux ${facts.release}, KVM ${pr ? 'PR' : 'HV'}`,
    accelerator: 'kvm',
    kvmTypes: [pr ? 'pr' : 'hv'],
    pvr: `0x${facts.pvr.toString(16).padStart(8, '0')}`,
    cpuRule: pr ? 'up-to-class' : 'class',
    timebaseFrequency: facts.timebaseFrequency,
    kvm,
    transactionalMemory: facts.transactionalMemory,
    ...(words === undefined
      ? {}
      : {
          cpuCharacteristics: {
            character: hexWord(words[0]),
            behaviour: hexWord(words[1]),
            characterMask: hexWord(words[2]),
            behaviourMask: hexWord(words[3]),
          },
        }),
    largeDecrementerBits: pr ? 0 : facts.decrementerBits > 32 ? facts.decrementerBits : 0,
    compatRegister: pr ? 'refuses' : 'sets',
    // A host without in-kernel XIVE on a CPU that has it shows the older device, which cannot be created a second time.
    xicsReconnect: facts.pvr >>> 16 < 0x004e || (kvm.PPC_IRQ_XIVE ?? 0) !== 0,
    kernelHypercalls: !pr && (kvm.PPC_RPT_INVALIDATE ?? 0) !== 0 ? ['H_RPT_INVALIDATE'] : [],
    setMode: pr ? 'pr' : 'hv',
    ...(pr ? { fscrLost: '0x3000' } : {}),
    ramPageSize: facts.pageSize,
    pageSizesReal: !pr,
  };
}

/** A profile and what a person should know about how it was made. */
export interface ProbeResult {
  readonly profile: HostProfile;
  readonly notes: readonly string[];
}

function engineProfile(): HostProfile {
  const engine = findProfile('engine');
  if (engine === undefined) throw new Error('the engine has no profile');
  return engine;
}

/** ioctl numbers as Power Linux encodes them: direction in 3 bits, size in 13. */
const request = {
  createVm: 0x2000ae01,
  checkExtension: 0x2000ae03,
  getCpuChar: 0x4020aeb1,
} as const;

/** Opens /dev/kvm through koffi, which is used where it is installed and needed nowhere else. */
async function openKvm(): Promise<KvmPort> {
  const library = 'koffi';
  // koffi's own types are not needed: these two functions are all that is used.
  const { default: koffi } = (await import(library)) as {
    default: { load(file: string): { func(prototype: string): (...args: unknown[]) => number } };
  };
  const libc = koffi.load('libc.so.6');
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, long value)');
  const ioctlBuffer = libc.func('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *value)');
  const close = libc.func('int close(int fd)');
  const device = openSync('/dev/kvm', 'r+');
  const vm = ioctl(device, request.createVm, 0);
  if (vm < 0) {
    closeSync(device);
    throw new Error('KVM does not create a virtual machine');
  }
  return {
    check: (number) => Math.max(0, ioctl(vm, request.checkExtension, number)),
    cpuCharacteristics() {
      const words = new BigUint64Array(4);
      if (ioctlBuffer(vm, request.getCpuChar, new Uint8Array(words.buffer)) !== 0) return undefined;
      const [a = 0n, b = 0n, c = 0n, d = 0n] = words;
      return [a, b, c, d];
    },
    close() {
      close(vm);
      closeSync(device);
    },
  };
}

/** Entries of the auxiliary vector: pairs of doublewords. */
function auxiliary(tag: bigint): bigint {
  const words = new BigUint64Array(new Uint8Array(readFileSync('/proc/self/auxv')).buffer);
  for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === tag) return words[i + 1] ?? 0n;
  return 0n;
}

/** A cell of the first CPU's node in the host's device tree; 0 where there is none. */
function cpuCell(property: string): number {
  try {
    const folder = '/proc/device-tree/cpus';
    const node = readdirSync(folder).find((entry) => entry.startsWith('PowerPC,')) ?? '';
    return readFileSync(`${folder}/${node}/${property}`).readUInt32BE(0);
  } catch {
    return 0;
  }
}

function machineFacts(): MachineFacts {
  const cpuinfo = readFileSync('/proc/cpuinfo', 'utf8');
  const revision = /^revision\s*:.*\(pvr ([0-9a-f]{4}) ([0-9a-f]{4})\)/m.exec(cpuinfo);
  const timebase = /^timebase\s*:\s*([0-9]+)/m.exec(cpuinfo);
  const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  return {
    name: 'probed',
    release,
    pvr: Number.parseInt(`${revision?.[1] ?? '0'}${revision?.[2] ?? ''}`, 16),
    timebaseFrequency: Number(timebase?.[1] ?? 512_000_000),
    decrementerBits: cpuCell('ibm,dec-bits'),
    transactionalMemory: (auxiliary(26n) & 0x4000_0000n) !== 0n,
    pageSize: Number(auxiliary(6n)) || 65536,
  };
}

/** @returns the profile of this machine. */
export async function probeHost(): Promise<ProbeResult> {
  if (process.platform !== 'linux' || process.arch !== 'ppc64') {
    return {
      profile: engineProfile(),
      notes: ['this is no Power Linux machine: the profile is that of our own engine'],
    };
  }
  if (!existsSync('/dev/kvm') || !statSync('/dev/kvm').isCharacterDevice()) {
    return { profile: engineProfile(), notes: ['there is no /dev/kvm: the profile is that of our own engine'] };
  }
  let port: KvmPort;
  try {
    port = await openKvm();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      profile: engineProfile(),
      notes: [`/dev/kvm cannot be asked (${why}); install koffi for it. The profile is that of our own engine`],
    };
  }
  try {
    return { profile: kvmProfile(port, machineFacts()), notes: [] };
  } finally {
    port.close();
  }
}
