// XIVE's hypercalls H_INT_*. (PAPR, "Interrupt exploitation mode": inputs, outputs and return codes in this order)
import { argument, type InterruptHypercall, type InterruptHypercallResult, status, success } from '../hypercall.ts';
import { PRIORITIES, queueShifts } from './end.ts';
import { PAGE_SHIFT, queuePage, sourcePage, type XiveMmio } from './mmio.ts';
import { EISN_LIMIT, type Xive } from './xive.ts';

/** First priority that the platform keeps (`ibm,plat-res-int-priorities`); it escalates through 7 and up. */
export const FIRST_RESERVED_PRIORITY = 7;

/** Priority that stands for "masked". */
const MASKED = 0xff;

/** Bits of the `flags` arguments and results. */
const flag = {
  /** H_INT_GET_SOURCE_INFO: a level source, whose event state is reached by H_INT_ESB alone. */
  levelSource: 4n,
  throughCall: 8n,
  /** H_INT_SET_SOURCE_CONFIG. */
  mask: 1n,
  setEisn: 2n,
  /** H_INT_SET_QUEUE_CONFIG, H_INT_GET_QUEUE_CONFIG. */
  always: 1n,
  debug: 1n,
  generation: 2n,
  /** H_INT_ESB. */
  store: 1n,
} as const;

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

type Call = (args: readonly bigint[]) => InterruptHypercallResult;

/** The hypercall rows. They answer H_FUNCTION while `usable` says no, that is until CAS has chosen XIVE. */
export function xiveHypercalls(xive: Xive, mmio: XiveMmio, usable: () => boolean): InterruptHypercall[] {
  const row = (number: number, name: string, argumentCount: number, allowedFlags: bigint, call: Call) => ({
    number,
    name,
    argumentCount,
    handler: (args: readonly bigint[]) => {
      if (!usable()) return status('H_FUNCTION');
      return ((args[0] ?? 0n) & ~allowedFlags) === 0n ? call(args) : status('H_PARAMETER');
    },
  });

  /** For calls whose second argument is a source. */
  const ofSource =
    (call: (lisn: number, args: readonly bigint[]) => InterruptHypercallResult): Call =>
    (args) => {
      const lisn = argument(args, 1);
      return xive.isClaimed(lisn) ? call(lisn, args) : status('H_P2');
    };

  /**
   * For calls whose second and third arguments name a queue by server and priority. A reserved priority is found out
   * before an unknown server, as by every hypervisor that guests know.
   */
  const ofQueue =
    (call: (end: number, args: readonly bigint[]) => InterruptHypercallResult): Call =>
    (args) => {
      const server = argument(args, 1);
      const priority = argument(args, 2);
      if (priority >= FIRST_RESERVED_PRIORITY) return status('H_P3');
      return xive.hasServer(server) ? call(server * PRIORITIES + priority, args) : status('H_P2');
    };

  const setSourceConfig = (lisn: number, args: readonly bigint[]): InterruptHypercallResult => {
    const flags = args[0] ?? 0n;
    const server = argument(args, 2);
    const priority = argument(args, 3);
    const eisn = argument(args, 4);
    if (priority === MASKED) {
      xive.assign(lisn, { masked: true, server: 0, priority: 0, eisn: 0 });
      return success();
    }
    if (priority >= FIRST_RESERVED_PRIORITY) return status('H_P4');
    if (!xive.hasServer(server)) return status('H_P3');
    const newEisn = (flags & flag.setEisn) !== 0n;
    if (newEisn && eisn > EISN_LIMIT) return status('H_P5');
    xive.assign(lisn, {
      masked: (flags & flag.mask) !== 0n,
      server,
      priority,
      eisn: newEisn ? eisn : xive.assignment(lisn).eisn,
    });
    return success();
  };

  const setQueueConfig = (end: number, args: readonly bigint[]): InterruptHypercallResult => {
    const address = argument(args, 3);
    const shift = argument(args, 4);
    if (shift === 0) {
      xive.queues.remove(end);
      return success();
    }
    if (!queueShifts.includes(shift)) return status('H_P5');
    const size = 2 ** shift;
    if (address % size !== 0 || !xive.memory.contains(address, size)) return status('H_P4');
    xive.queues.configure(end, address, shift, ((args[0] ?? 0n) & flag.always) !== 0n);
    return success();
  };

  const getQueueConfig = (end: number, args: readonly bigint[]): InterruptHypercallResult => {
    const queue = xive.queues.get(end);
    const debug = ((args[0] ?? 0n) & flag.debug) !== 0n;
    let flags = queue.always ? flag.always : 0n;
    if (debug && queue.generation === 1) flags |= flag.generation;
    return success(flags, BigInt(queue.address), BigInt(queue.shift), debug ? BigInt(queue.index) : 0n);
  };

  const esb = (lisn: number, args: readonly bigint[]): InterruptHypercallResult => {
    const offset = argument(args, 2);
    if (offset >= 2 ** PAGE_SHIFT) return status('H_P3');
    if (((args[0] ?? 0n) & flag.store) === 0n) return success(BigInt(mmio.loadSource(lisn, offset)));
    mmio.storeSource(lisn, offset);
    return success(ALL_ONES);
  };

  const functionNotOffered: Call = () => status('H_FUNCTION');

  return [
    row(
      ...([0x3a8, 'H_INT_GET_SOURCE_INFO', 2, 0n] as const),
      ofSource((lisn) =>
        // A host's kernel has to be asked whether the wire is still high, so no guest may go around the call.
        xive.sources.isLevel(lisn)
          ? success(flag.levelSource | flag.throughCall, ALL_ONES, ALL_ONES, BigInt(PAGE_SHIFT))
          : success(0n, sourcePage(lisn) + BigInt(2 ** PAGE_SHIFT), sourcePage(lisn), BigInt(PAGE_SHIFT)),
      ),
    ),
    row(0x3ac, 'H_INT_SET_SOURCE_CONFIG', 5, flag.mask | flag.setEisn, ofSource(setSourceConfig)),
    row(
      ...([0x3b0, 'H_INT_GET_SOURCE_CONFIG', 2, 0n] as const),
      ofSource((lisn) => {
        const { masked, server, priority, eisn } = xive.assignment(lisn);
        return success(BigInt(server), BigInt(masked ? MASKED : priority), BigInt(eisn));
      }),
    ),
    row(
      ...([0x3b4, 'H_INT_GET_QUEUE_INFO', 3, 0n] as const),
      ofQueue((end) => success(queuePage(end), BigInt(xive.queues.get(end).shift))),
    ),
    row(0x3b8, 'H_INT_SET_QUEUE_CONFIG', 5, flag.always, ofQueue(setQueueConfig)),
    row(0x3bc, 'H_INT_GET_QUEUE_CONFIG', 3, flag.debug, ofQueue(getQueueConfig)),
    row(0x3c0, 'H_INT_SET_OS_REPORTING_LINE', 2, ALL_ONES, functionNotOffered),
    row(0x3c4, 'H_INT_GET_OS_REPORTING_LINE', 2, ALL_ONES, functionNotOffered),
    row(0x3c8, 'H_INT_ESB', 4, flag.store, ofSource(esb)),
    // Events reach their queue before the operation that caused them ends, so there is nothing to wait for.
    row(
      ...([0x3cc, 'H_INT_SYNC', 2, 0n] as const),
      ofSource(() => success()),
    ),
    row(0x3d0, 'H_INT_RESET', 1, 0n, () => {
      xive.resetRouting();
      return success();
    }),
  ];
}
