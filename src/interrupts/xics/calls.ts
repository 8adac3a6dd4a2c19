// XICS as a guest sees it: six hypercalls and four RTAS calls. (PAPR, "Interrupt Support": H_EOI…H_XIRR-X, ibm,set-xive…)
import {
  argument,
  type InterruptHypercall,
  type InterruptHypercallResult,
  type InterruptRtasCall,
  rtasStatus,
  status,
  success,
} from '../hypercall.ts';
import type { Xics } from './xics.ts';

/** What the calls answer when XICS may not be used now; undefined while it may. */
export type XicsRefusal = () => 'H_HARDWARE' | 'H_FUNCTION' | undefined;

/** The hypercall rows. `timebase` gives the time of H_XIRR_X, in timebase ticks. */
export function xicsHypercalls(xics: Xics, refused: XicsRefusal, timebase: () => bigint): InterruptHypercall[] {
  const row = (
    number: number,
    name: string,
    argumentCount: number,
    call: (args: readonly bigint[], cpu: number) => InterruptHypercallResult,
  ): InterruptHypercall => ({
    number,
    name,
    argumentCount,
    handler: (args, cpu) => {
      const refusal = refused();
      return refusal === undefined ? call(args, cpu) : status(refusal);
    },
  });
  const byte = (args: readonly bigint[], n: number) => Number((args[n] ?? 0n) & 0xffn);
  const word = (args: readonly bigint[], n: number) => Number((args[n] ?? 0n) & 0xffff_ffffn);
  return [
    row(0x64, 'H_EOI', 1, (args, cpu) => (xics.eoi(cpu, word(args, 0)) ? success() : status('H_PARAMETER'))),
    row(0x68, 'H_CPPR', 1, (args, cpu) => {
      xics.setCppr(cpu, byte(args, 0));
      return success();
    }),
    row(0x6c, 'H_IPI', 2, (args) =>
      xics.setMfrr(argument(args, 0), byte(args, 1)) ? success() : status('H_PARAMETER'),
    ),
    row(0x70, 'H_IPOLL', 1, (args) => {
      const polled = xics.poll(argument(args, 0));
      return polled ? success(BigInt(polled.xirr), BigInt(polled.mfrr)) : status('H_PARAMETER');
    }),
    row(0x74, 'H_XIRR', 0, (_, cpu) => success(BigInt(xics.accept(cpu)))),
    row(0x2fc, 'H_XIRR_X', 0, (_, cpu) => success(BigInt(xics.accept(cpu)), BigInt.asUintN(64, timebase()))),
  ];
}

/** The RTAS rows. They answer −1 while XICS may not be used. */
export function xicsRtasCalls(xics: Xics, refused: XicsRefusal): InterruptRtasCall[] {
  const row = (
    name: string,
    argumentCount: number,
    resultCount: number,
    call: (irq: number, args: readonly number[]) => readonly number[],
  ): InterruptRtasCall => ({
    name,
    argumentCount,
    resultCount,
    handler: (args) => {
      if (refused() !== undefined) return [rtasStatus.hardware];
      const irq = args[0] ?? 0;
      return xics.isClaimed(irq) ? call(irq, args) : [rtasStatus.parameter];
    },
  });
  return [
    row('ibm,set-xive', 3, 1, (irq, [, server = 0, priority = 0]) => {
      if (!xics.hasServer(server) || priority > 0xff) return [rtasStatus.parameter];
      xics.setXive(irq, server, priority);
      return [rtasStatus.success];
    }),
    row('ibm,get-xive', 1, 3, (irq) => {
      const { server, priority } = xics.getXive(irq);
      return [rtasStatus.success, server, priority];
    }),
    row('ibm,int-off', 1, 1, (irq) => {
      xics.interruptOff(irq);
      return [rtasStatus.success];
    }),
    row('ibm,int-on', 1, 1, (irq) => {
      xics.interruptOn(irq);
      return [rtasStatus.success];
    }),
  ];
}
