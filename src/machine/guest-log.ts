// The log items that show what the guest's CPUs do: decoded instructions, interrupts, hypercalls, registers (QEMU's `-d`).
import type { Vcpu } from '../cpu/vcpu.ts';
import { hypercallRows } from '../environment/index.ts';
import { disassemble } from '../isa/disassemble.ts';
import type { LogItem } from './machine-api.ts';

/** Interrupt vectors (Power ISA v3.1 Book III, section 7.5). */
const vectorNames: ReadonlyMap<number, string> = new Map([
  [0x100, 'system reset'],
  [0x200, 'machine check'],
  [0x300, 'data storage'],
  [0x380, 'data segment'],
  [0x400, 'instruction storage'],
  [0x480, 'instruction segment'],
  [0x500, 'external'],
  [0x600, 'alignment'],
  [0x700, 'program'],
  [0x800, 'floating-point unavailable'],
  [0x900, 'decrementer'],
  [0xa00, 'directed privileged doorbell'],
  [0xc00, 'system call'],
  [0xd00, 'trace'],
  [0xf00, 'performance monitor'],
  [0xf20, 'vector unavailable'],
  [0xf40, 'VSX unavailable'],
  [0xf60, 'facility unavailable'],
  [0x3000, 'system call vectored'],
]);

const hypercallNames: ReadonlyMap<number, string> = new Map(hypercallRows.map(({ number, name }) => [number, name]));

const sprNumber = { XER: 1, DSISR: 18, DAR: 19, SRR0: 26, SRR1: 27, LR: 8, CTR: 9 } as const;

function hex(value: bigint, digits = 16): string {
  return value.toString(16).padStart(digits, '0');
}

/** Calls that the engine and the scheduler make; a member is there only when its item is logged. */
export interface GuestLog {
  readonly decoded?: (realAddress: number, word: number, suffix?: number) => void;
  readonly interrupted?: (vcpu: Vcpu, vector: number) => void;
  /** `before`: the registers r3 to r7 as the guest passed them; called when r3 has the status. */
  readonly hypercall?: (vcpu: Vcpu, before: readonly bigint[]) => void;
}

/** The registers of a vCPU, as lines of at most 100 columns. */
export function registerLines(vcpu: Vcpu): string[] {
  const lines = [
    `NIP ${hex(vcpu.nip)} MSR ${hex(vcpu.msr)} CR ${hex(BigInt(vcpu.cr), 8)} LR ${hex(vcpu.spr(sprNumber.LR))}`,
    `CTR ${hex(vcpu.spr(sprNumber.CTR))} SRR0 ${hex(vcpu.spr(sprNumber.SRR0))} SRR1 ${hex(vcpu.spr(sprNumber.SRR1))}`,
    `DAR ${hex(vcpu.spr(sprNumber.DAR))} DSISR ${hex(vcpu.spr(sprNumber.DSISR), 8)}`,
  ];
  for (let first = 0; first < 32; first += 4) {
    const values = [0, 1, 2, 3].map((offset) => hex(vcpu.gpr(first + offset)));
    lines.push(`GPR${String(first).padStart(2, '0')} ${values.join(' ')}`);
  }
  return lines;
}

/**
 * Makes the log of a machine.
 * @param items what is wanted; only that costs time
 * @param log takes lines
 */
export function guestLog(items: readonly LogItem[], log: (item: LogItem, line: string) => void): GuestLog {
  const [assembly, interrupts, registers] = [items.includes('in_asm'), items.includes('int'), items.includes('cpu')];
  return {
    ...(assembly
      ? {
          decoded: (realAddress: number, word: number, suffix?: number) => {
            const text = disassemble(word, BigInt(realAddress), undefined, suffix);
            const words = [word, ...(suffix === undefined ? [] : [suffix])].map((one) => hex(BigInt(one >>> 0), 8));
            log('in_asm', `0x${hex(BigInt(realAddress), 8)}:  ${words.join(' ')}  ${text}`);
          },
        }
      : {}),
    ...(interrupts || registers
      ? {
          interrupted: (vcpu: Vcpu, vector: number) => {
            const name = `${vectorNames.get(vector) ?? 'unknown'} interrupt 0x${vector.toString(16)}`;
            log('int', `vCPU ${vcpu.index}: ${name} at ${hex(vcpu.nip)}, MSR ${hex(vcpu.msr)}`);
            if (registers) for (const line of registerLines(vcpu)) log('cpu', line);
          },
        }
      : {}),
    ...(interrupts
      ? {
          hypercall: (vcpu: Vcpu, [number = 0n, ...before]: readonly bigint[]) => {
            const name = hypercallNames.get(Number(number)) ?? `hypercall 0x${number.toString(16)}`;
            const passed = before.map((value) => `0x${value.toString(16)}`).join(', ');
            log('int', `vCPU ${vcpu.index}: ${name}(${passed}) gives ${BigInt.asIntN(64, vcpu.gpr(3))}`);
          },
        }
      : {}),
  };
}
