// What QEMU 7.2 answers otherwise to commands of the interrupt guests, and why that is right or does not matter.
import { command, operation } from './puppet-source.ts';

/** A command as a rule looks at it. */
export interface Command {
  readonly server: number;
  readonly operation: number;
  readonly args: readonly bigint[];
}

/** Reads a command's bytes. */
export function commandOf(bytes: Uint8Array): Command {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const word = (offset: number): bigint => view.getBigUint64(offset);
  return {
    server: Number(word(command.server)),
    operation: Number(word(command.operation)),
    args: Array.from({ length: 7 }, (_, n) => word(command.argument + 8 * n)),
  };
}

/** One kind of difference. */
export interface Reviewed {
  readonly reason: string;
  readonly applies: (command: Command, ours: readonly bigint[], theirs: readonly bigint[]) => boolean;
  /** The state differs from there on, so that the rest of the history tells nothing. */
  readonly ends?: boolean;
}

const hIntGetSourceConfig = 0x3b0n;
const hIntGetQueueConfig = 0x3bcn;
const hIntEsb = 0x3c8n;
const ones = 0xffff_ffff_ffff_ffffn;

/** Offset in the OS page of the TIMA (or, from 0x10000 on, in the user page) of a load; undefined for other commands. */
function timaLoad({ operation: what, args: [address = 0n] }: Command): number | undefined {
  const offset = address - 0x6_0302_031a_0000n;
  return what === operation.load && offset >= 0n && offset < 0x2_0000n ? Number(offset) : undefined;
}

/** log₂ of an access's size. */
const sizeOf = ({ args: [, access = 0n] }: Command): number => Number(access & 0xffn);

const call = (number: bigint, { operation: what, args }: Command): boolean =>
  what === operation.call && args[0] === number;

/** All that was looked at. */
export const reviewed: readonly Reviewed[] = [
  {
    reason: 'QEMU reads server and priority of a source from its queue, which is not set up',
    applies: (command, ours, theirs) =>
      call(hIntGetSourceConfig, command) && theirs[1] === 0xffff_fc00n && ours[3] === theirs[3],
  },
  {
    reason: 'QEMU reports the generation bit of a queue in bit 1, where PAPR has bit 62',
    applies: (command, ours, theirs) =>
      call(hIntGetQueueConfig, command) &&
      ours[1] === ((theirs[1] ?? 0n) & 1n) + 2n * ((theirs[1] ?? 0n) >> 62n) &&
      ours.slice(2).every((value, n) => value === theirs[n + 2]),
  },
  {
    reason: 'QEMU on a little-endian host swaps the bytes of what H_INT_ESB loads',
    applies: (command, [, ours = 0n], [, theirs = 0n]) => call(hIntEsb, command) && ours << 56n === theirs,
  },
  {
    reason:
      'QEMU lets nobody read the user ring of the TIMA, nor less than four bytes, nor where no byte means anything',
    applies: (command, _, [theirs]) => {
      const offset = timaLoad(command);
      if (offset === undefined) return false;
      const inPage = offset & 0xffff;
      return (
        (inPage < 0x10 ||
          (inPage >= 0x18 && inPage < 0x20) ||
          sizeOf(command) < 2 ||
          inPage === 0x800 ||
          inPage === 0x808) &&
        theirs === ones >> BigInt(64 - 8 * 2 ** sizeOf(command))
      );
    },
  },
  {
    reason: 'QEMU repeats the rings of the TIMA every 64 bytes',
    applies: (command, [ours]) => {
      const inPage = (timaLoad(command) ?? 0) & 0xffff;
      return inPage >= 0x40 && inPage < 0x800 && ours === ones >> BigInt(64 - 8 * 2 ** sizeOf(command));
    },
  },
  {
    reason: 'QEMU does not withdraw an exception when CPPR becomes more favoured',
    applies: (command, [ours = 0n], [theirs = 0n]) =>
      timaLoad(command) === 0x10 && sizeOf(command) === 3 && theirs - ours === 0x80n << 56n,
    ends: true,
  },
  {
    reason: 'QEMU does not forward what is queued when the event state of a queue is ended',
    applies: ({ operation: what, args: [address = 0n] }, [ours], [theirs]) =>
      what === operation.load && address >> 30n === 0x6_0100_4000_0000n >> 30n && ours === 1n && theirs === 0n,
    ends: true,
  },
];
