// A guest of a few instructions on a whole machine, for tests of what running guests see. Every vector that a test may
// reach holds a stub that prints where it is and with which registers, and powers the machine off.
import assert from 'node:assert/strict';
import type { EngineKind } from '../src/engine/engine-kind.ts';
import {
  type Environment,
  evaluate,
  findProfile,
  type HostConstraints,
  type HostProfile,
  type Request,
} from '../src/environment/index.ts';
import { engineFromEnvironment } from '../src/host/engine-choice.ts';
import { loadEngineImages } from '../src/host/engine-images.ts';
import { assemble } from '../src/isa/assemble.ts';
import { createMachine } from '../src/machine/machine.ts';
import type { MachineHost, MachineOutcome, MachineStatistics } from '../src/machine/machine-api.ts';
import { type CasRequestOptions, casRequestBytes } from '../src/papr/cas-request-bytes.ts';
import { outputOnly, quietHost } from './quiet-host.ts';

const engineImages = loadEngineImages();

const place = {
  main: 0x5000,
  library: 0x6000,
  cas: 0x8000,
  /** Radix tables: the process table, the root of 2^13 entries, and one table of 1 GiB leaves. */
  processTable: 0x1_0000,
  root: 0x2_0000,
  leaves: 0x3_0000,
  end: 0x4_0000,
  /** Where the tree of a negotiation goes. */
  tree: 0x20_0000,
} as const;

/** Effective address at which problem state may use what lies at real address 0. */
export const userWindow = 0x4000_0000;

/** Vectors with a stub: the real ones, those of AIL 2 and 3, and the system call vectors that scenarios use. */
const vectors = [
  ...[0x300, 0x380, 0x400, 0x480, 0x600, 0x700, 0x800, 0x900, 0xc00, 0xd00, 0xf20, 0xf40, 0xf60].flatMap((v) => [
    v,
    v + 0x4000,
    v + 0x1_8000,
  ]),
  ...[0x17000, 0x17020, 0x3000, 0x3020, 0x30a0],
];

/** Tokens, numbers and places that the assembler knows. */
const symbols: Readonly<Record<string, bigint>> = {
  H_PUT_TERM_CHAR: 0x58n,
  H_SET_MODE: 0x31cn,
  H_REGISTER_PROC_TBL: 0x37cn,
  H_RTAS: 0xf000n,
  H_CAS: 0xf002n,
  main: BigInt(place.main),
  library: BigInt(place.library),
  processTable: BigInt(place.processTable),
};

/** At the start, so that its address is known: the report of a stub. Behind it, subroutines for guests by fixed offset. */
const library = `
        # What a stub calls: r20 is LR as the interrupt left it.
        mflr r21
        subi r21, r21, 8
        mfctr r24
        mfmsr r22
        mfspr r25, 26
        mfspr r26, 27
        mr r6, r21
        bl hex
        mr r6, r22
        bl hex
        mr r6, r25
        bl hex
        mr r6, r26
        bl hex
        mr r6, r20
        bl hex
        mr r6, r24
        bl hex
        # FSCR exists from ISA 2.07 on; on an older CPU this is a no-operation in privileged state.
        mfspr r6, 153
        bl hex
        b off
        .balign 0x400
        b hex
        b off
        b print
        b again
        # Prints r6 as 16 digits and a space.
hex:    mflr r28
        mr r29, r6
        li r30, 16
1:      rldicl r6, r29, 4, 60
        sldi r29, r29, 4
        addi r6, r6, 48
        cmpwi r6, 58
        blt 2f
        addi r6, r6, 39
2:      bl print
        subi r30, r30, 1
        cmpwi r30, 0
        bne 1b
        li r6, 32
        bl print
        mtlr r28
        blr
print:  sldi r6, r6, 56
        lis r4, 0x7100
        li r5, 1
        li r3, H_PUT_TERM_CHAR
        sc 1
        blr
off:    li r4, power
        b rtas
again:  li r4, reboot
rtas:   lis r3, 0
        ori r3, r3, H_RTAS
        sc 1
        b .
power:  .long 0x2003, 2, 1, -1, -1, 0
reboot: .long 0x2004, 0, 1, 0
`;

/** Addresses that a guest may branch to. */
const entries = { hex: 0x6400n, off: 0x6404n, print: 0x6408n, reboot: 0x640cn };

/** Client architecture support, with what the setting wishes; anything but success ends the guest with its status. */
export const negotiate = `
        li r3, 0
        ori r3, r3, 0xf002
        lis r4, 0
        ori r4, r4, 0x8000
        lis r5, 0x20
        lis r6, 4
        sc 1
        cmpdi r3, 0
        bne fail
`;

/** Negotiates, and makes real memory visible with translation on: at 0 for the kernel, at {@link userWindow} for users. */
export const withTranslation = `${negotiate}        li r3, H_REGISTER_PROC_TBL
        li r4, 0x1d
        lis r5, 1
        li r6, 0
        li r7, 0
        sc 1
        cmpdi r3, 0
        bne fail
`;

/**
 * As {@link withTranslation} for the hash MMU, without a negotiation: segments 0 and 4 have pages of 64 KiB, the first of
 * each is real page 0, in groups 1 and 2 of the table.
 */
export const withHashTranslation = `
        li r3, 0x1110
        lis r4, 0x800
        slbmte r3, r4
        li r3, 0x2110
        lis r4, 0x4800
        ori r4, r4, 1
        slbmte r3, r4
        li r3, 8
        li r4, 0
        li r5, 8
        li r6, 0x1005
        li r7, 0x1192
        sc 1
        cmpdi r3, 0
        bne fail
        li r3, 8
        li r4, 0
        li r5, 16
        li r6, 0x2005
        li r7, 0x1192
        sc 1
        cmpdi r3, 0
        bne fail
`;

/** Sets an AIL mode. */
export const setAil = (mode: number): string => `
        li r3, H_SET_MODE
        li r4, ${mode}
        li r5, 3
        li r6, 0
        li r7, 0
        sc 1
        cmpdi r3, 0
        bne fail
`;

/** 64-bit mode, and interrupts can be returned from. */
const prologue = `
        li r3, 1
        sldi r3, r3, 63
        ori r3, r3, 2
        mtmsrd r3
`;

/** Loads all bits of a register. */
export function load64(register: string, value: bigint): string {
  const part = (n: number): bigint => (value >> BigInt(16 * n)) & 0xffffn;
  return `
        li ${register}, 0
        oris ${register}, ${register}, ${part(3)}
        ori ${register}, ${register}, ${part(2)}
        sldi ${register}, ${register}, 32
        oris ${register}, ${register}, ${part(1)}
        ori ${register}, ${register}, ${part(0)}
`;
}

/** Goes on at the next instruction with this MSR, in the window of problem state when that is translated. */
export const withMsr = (msr: bigint): string => `
        ${load64('r3', msr)}
        mtspr 27, r3
        bl 1f
1:      mflr r3
        addi r3, r3, ${msr & 0x20n ? 20 : 16}
        ${msr & 0x20n ? `oris r3, r3, ${userWindow >>> 16}` : ''}
        mtspr 26, r3
        rfid
`;

/** Where an unexpected failure ends: it prints the status. */
const failure = `
fail:   mr r6, r3
        bl hex
        bl off
`;

function put(image: Uint8Array, at: number, source: string, more: Readonly<Record<string, bigint>> = {}): void {
  const all = { ...symbols, ...more };
  image.set(assemble(source, { origin: BigInt(at), littleEndian: false, symbols: all }).bytes, at);
}

/** Radix tree (Power ISA 3.0, Book III, section 5.7.10): root of 13 bits, one table of 9 bits with leaves of 1 GiB. */
function putTables(image: Uint8Array): void {
  const view = new DataView(image.buffer);
  const valid = 1n << 63n;
  const leaf = 1n << 62n;
  const [referenced, changed, privileged, readWriteExecute] = [0x100n, 0x80n, 0x8n, 0x7n];
  // RTS 52 bits (0b10101 in bits 1:2 and 56:58), RPDB, RPDS 13.
  view.setBigUint64(place.processTable, (0b10n << 61n) | (0b101n << 5n) | BigInt(place.root) | 13n);
  view.setBigUint64(place.root, valid | BigInt(place.leaves) | 9n);
  const access = valid | leaf | referenced | changed | readWriteExecute;
  view.setBigUint64(place.leaves, access | privileged);
  view.setBigUint64(place.leaves + 8, access);
}

/** What a stub has printed. */
export interface Arrival {
  readonly vector: bigint;
  readonly msr: bigint;
  readonly srr0: bigint;
  readonly srr1: bigint;
  readonly lr: bigint;
  readonly ctr: bigint;
  readonly fscr: bigint;
}

/** How a scripted guest ended. */
export interface GuestLife {
  readonly outcome: MachineOutcome;
  readonly output: string;
  readonly environment: Environment;
  readonly statistics: MachineStatistics;
  /** The registers that the stub of a vector has printed. */
  arrival(): Arrival;
}

/** What a guest runs on. */
export interface GuestSetting {
  /** POWER9 unless given. */
  readonly request?: Request;
  /** Name of a profile; our engine unless given. */
  readonly host?: string;
  readonly constraints?: HostConstraints;
  /** What it asks for at CAS. */
  readonly wish?: CasRequestOptions;
  readonly hostParts?: Partial<MachineHost>;
  /** Interpreted unless given. */
  readonly engine?: EngineKind;
}

/** The profile of a name. */
export function profileOf(name: string): HostProfile {
  const profile = findProfile(name);
  assert.ok(profile !== undefined, `there is a profile ${name}`);
  return profile;
}

/** Runs a guest that is entered at 0x5000 in big-endian real mode, on a clock of instructions. */
export async function runGuest(source: string, setting: GuestSetting = {}): Promise<GuestLife> {
  const image = new Uint8Array(place.end);
  put(image, 0x100, 'b main');
  put(image, place.main, prologue + source + failure, entries);
  put(image, place.library, library);
  for (const vector of vectors) put(image, vector, 'mflr r20\n bl library');
  image.set(casRequestBytes(setting.wish), place.cas);
  putTables(image);

  const request = { cpu: 'power9', memory: '256', ...setting.request, ...setting.constraints };
  const { environment, provision, reasons } = evaluate(request, profileOf(setting.host ?? 'engine'));
  assert.ok(provision !== undefined, reasons.map(({ message }) => message).join('; '));
  let output = '';
  let turns = 0;
  const machine = createMachine(
    {
      environment,
      provision,
      boot: { kind: 'firmware', firmware: image, commandLine: '' },
      rtcBaseSeconds: 0,
      icountShift: 10,
      noReboot: false,
      engine: setting.engine ?? engineFromEnvironment() ?? 'translator',
      logItems: [],
    },
    quietHost(engineImages, {
      console: outputOnly((bytes) => {
        output += String.fromCharCode(...bytes);
      }),
      // A guest that never ends is a failure, not a hang of the test.
      stopRequested: () => ++turns > 500,
      ...setting.hostParts,
    }),
  );
  const outcome = await machine.run();
  return {
    outcome,
    output,
    environment,
    statistics: machine.statistics(),
    arrival() {
      assert.deepEqual(outcome, { kind: 'power-off' }, output);
      const words = output.trim().split(' ');
      const values = words.map((word) => BigInt(`0x${word}`));
      const [vector = -1n, msr = -1n, srr0 = -1n, srr1 = -1n, lr = -1n, ctr = -1n, fscr = -1n] = values;
      assert.equal(values.length, 7, output);
      return { vector, msr, srr0, srr1, lr, ctr, fscr };
    },
  };
}
