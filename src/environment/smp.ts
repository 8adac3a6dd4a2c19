// The SMP shape: sockets, cores, threads, and the numbers of virtual CPUs: section 2 of the specification (vsmt).
import type { MachineType } from './machine-types.ts';
import type { Reason } from './reasons.ts';
import type { Request } from './request.ts';
import { parseCount } from './text.ts';

/** The SMP shape of a machine. */
export interface SmpShape {
  /** CPUs (hardware threads) at start. */
  readonly cpus: number;
  /** CPUs when everything is plugged. */
  readonly maxCpus: number;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  /** Virtual SMT mode: the CPU number of CPU i is (i div threads)·vsmt + i mod threads. */
  readonly vsmt: number;
  /** Interrupt servers: all CPU numbers are less than this. */
  readonly servers: number;
}

/** The most CPUs of a machine: the range of interrupt numbers kept for their IPIs. */
export const maximumCpus = 0x1000;

type Field = 'cpus' | 'sockets' | 'cores' | 'threads' | 'maxcpus' | 'vsmt';

function isPowerOfTwo(n: number): boolean {
  return n > 0 && (n & (n - 1)) === 0;
}

/**
 * Fills in the numbers that `-smp` leaves out (sockets or cores first, as the machine type prefers) and checks them.
 * @returns the shape, a possible one even where something is wrong, and every reason
 */
export function smpShape(request: Request, type: MachineType): { shape: SmpShape; reasons: Reason[] } {
  const reasons: Reason[] = [];
  const given = (name: Field): number | undefined => {
    const text = request[name];
    if (text === undefined) return undefined;
    const count = parseCount(text);
    if (count !== undefined && count > 0) return count;
    const code = name === 'vsmt' ? 'E_VSMT' : name === 'threads' ? 'E_THREADS' : 'E_SMP';
    reasons.push({ code, option: name, message: `${name}=${text.slice(0, 40)} is no number from 1 up` });
    return undefined;
  };
  const cpus = given('cpus');
  const maxCpus = given('maxcpus');
  let sockets = given('sockets');
  let cores = given('cores');
  let threads = given('threads');
  const vsmtGiven = given('vsmt');
  const broken = reasons.some((reason) => reason.code !== 'E_VSMT');

  const total = maxCpus ?? cpus;
  if (total === undefined) {
    sockets ??= 1;
    cores ??= 1;
    threads ??= 1;
  } else if (type.traits.smpPrefers === 'sockets') {
    if (sockets === undefined) {
      cores ??= 1;
      threads ??= 1;
      sockets = Math.floor(total / (cores * threads));
    } else if (cores === undefined) {
      threads ??= 1;
      cores = Math.floor(total / (sockets * threads));
    }
  } else if (cores === undefined) {
    sockets ??= 1;
    threads ??= 1;
    cores = Math.floor(total / (sockets * threads));
  } else if (sockets === undefined) {
    threads ??= 1;
    sockets = Math.floor(total / (cores * threads));
  }
  threads ??= Math.floor((total ?? 1) / ((sockets ?? 1) * (cores ?? 1)));
  const all = (sockets ?? 1) * (cores ?? 1) * threads;
  const shapeMax = maxCpus ?? (cpus === undefined ? all : Math.max(all, cpus));
  const shapeCpus = cpus ?? shapeMax;

  if (!broken) {
    if (all !== shapeMax || all === 0) {
      reasons.push({
        code: 'E_SMP',
        option: 'smp',
        message: `${sockets ?? 1} sockets of ${cores ?? 1} cores of ${threads} threads are ${all} CPUs, not maxcpus=${shapeMax}`,
      });
    } else if (shapeCpus > shapeMax) {
      reasons.push({ code: 'E_SMP', option: 'cpus', message: `cpus=${shapeCpus} is more than maxcpus=${shapeMax}` });
    } else if (shapeMax > maximumCpus) {
      reasons.push({
        code: 'E_SMP',
        option: maxCpus === undefined ? 'cpus' : 'maxcpus',
        message: `${shapeMax} CPUs are more than ${maximumCpus}, the most of a pseries machine`,
      });
    } else if (shapeCpus % threads !== 0) {
      reasons.push({
        code: 'E_SMP',
        option: 'cpus',
        message: `cpus=${shapeCpus} does not fill whole cores of ${threads} threads`,
      });
    }
    if (threads > 0 && !isPowerOfTwo(threads)) {
      reasons.push({ code: 'E_THREADS', option: 'threads', message: `threads=${threads} is not a power of two` });
    }
  }
  const sane = reasons.every((reason) => reason.code === 'E_VSMT');
  const coreThreads = sane ? threads : 1;
  const vsmt = vsmtGiven ?? Math.max(type.traits.vsmtMinimum, coreThreads);
  if (vsmt < coreThreads) {
    reasons.push({
      code: 'E_VSMT',
      option: 'vsmt',
      message: `vsmt=${vsmt} is smaller than the ${coreThreads} threads of a core`,
    });
  }
  const maximum = sane ? shapeMax : 1;
  const shape: SmpShape = {
    cpus: sane ? shapeCpus : 1,
    maxCpus: maximum,
    sockets: sane ? (sockets ?? 1) : 1,
    cores: sane ? (cores ?? 1) : 1,
    threads: coreThreads,
    vsmt,
    servers: Math.ceil((maximum * vsmt) / coreThreads),
  };
  return { shape, reasons };
}

/** @returns the CPU number (interrupt server, `reg` of its core's node) of the CPU with an index counted from 0. */
export function vcpuId(shape: SmpShape, index: number): number {
  return Math.floor(index / shape.threads) * shape.vsmt + (index % shape.threads);
}
