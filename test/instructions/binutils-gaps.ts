// Where the disassembler of binutils 2.40 is known to differ from the instruction table, each with its reason.

interface Gap {
  /** Full mnemonic, as a regular expression. */
  readonly mnemonic: RegExp;
  /** Further condition on the word. */
  readonly when?: (word: number) => boolean;
  /** Text of objdump that the gap stands for; the default is a word that it refuses (`.long`). */
  readonly theirs?: RegExp;
  readonly reason: string;
}

/** Value of bits first…last (as the manual numbers them) of a word. */
const bits = (word: number, first: number, last: number) => (word >>> (31 - last)) & (2 ** (last - first + 1) - 1);
const rt = (word: number) => bits(word, 6, 10);
const ra = (word: number) => bits(word, 11, 15);
const rb = (word: number) => bits(word, 16, 20);

/** Branch options with the bits that are to be zero at zero (Book I, figure 40). */
const plainBo: ReadonlySet<number> = new Set([0, 2, 4, 6, 7, 8, 10, 12, 14, 15, 16, 18, 20, 24, 25, 26, 27]);

/** Known gaps of the oracle. */
export const binutilsGaps: readonly Gap[] = [
  {
    mnemonic: /^b(c|clr|cctr|ctar)l?a?$/,
    when: (word) => !plainBo.has(rt(word)),
    reason: 'BO with a reserved bit set: the architecture ignores the bit, objdump refuses the word',
  },
  {
    mnemonic: /^bcctrl?$/,
    when: (word) => (rt(word) & 4) === 0,
    reason: 'BO that decrements CTR is an invalid form of bcctr',
  },
  {
    mnemonic: /^bc?l?a$/,
    theirs: /^bc?l?a .*0xf[ef]/,
    reason: 'objdump prints the sign-extended absolute target cut to 32 bits',
  },
  {
    mnemonic: /^m[tf]ocrf$/,
    when: (word) => !isPowerOfTwo(bits(word, 12, 19)),
    reason: 'other than one field in FXM: undefined results, refused by objdump',
  },
  {
    mnemonic: /^mfcr$/,
    theirs: /^mfcr r\d+,-1$/,
    reason: 'objdump in raw mode prints the operand that mfcr lacks as -1',
  },
  {
    mnemonic: /^(l(bz|hz|ha|wz|wa|d)ux?)$/,
    when: (word) => ra(word) === 0 || ra(word) === rt(word),
    reason: 'load with update with RA = 0 or RA = RT is an invalid form',
  },
  {
    mnemonic: /^(st(b|h|w|d|fs|fd)ux?|lf[sd]ux?)$/,
    when: (word) => ra(word) === 0,
    reason: 'store or floating-point load with update with RA = 0 is an invalid form',
  },
  {
    mnemonic: /^lmw$/,
    when: (word) => ra(word) >= rt(word),
    reason: 'lmw that loads its own base register is an invalid form',
  },
  {
    mnemonic: /^lsw[ix]$/,
    when: (word) =>
      stringLoads(word, ra(word)) || (bits(word, 21, 30) === 533 && (rb(word) === rt(word) || ra(word) === rt(word))),
    reason: 'string load of its own base register is an invalid form',
  },
  {
    mnemonic: /^(lq|stq|lqarx|stqcx\.)$/,
    when: (word) =>
      (rt(word) & 1) === 1 || (bits(word, 0, 5) === 56 && ra(word) === rt(word)) || bits(word, 21, 30) === 276,
    reason: 'odd RTp, or RTp that is also an address register, is an invalid form',
  },
  {
    mnemonic: /^rnop$/,
    reason: 'reserved-nop instructions have no mnemonic',
  },
  {
    mnemonic: /ger\d?/,
    when: overlapsAccumulator,
    reason: 'an operand that is part of the accumulator is an invalid form',
  },
  {
    mnemonic: /^plq$/,
    when: (word) => ra(word) === rt(word),
    reason: 'RTp that is also the address register is an invalid form',
  },
  {
    mnemonic: /^(dcbf|sync|wait)$/,
    reason: 'values of L, SC, WC and PL that are reserved on POWER9',
  },
  { mnemonic: /^(sync|wait)$/, theirs: /^(sync|wait) \d$/, reason: 'SC and PL are operands from POWER10 on only' },
  { mnemonic: /^tend\.$/, theirs: /^tendall\.$/, reason: 'objdump in raw mode prints the extended mnemonic' },
  {
    mnemonic: /^(l|st)fdpx?$/,
    reason: 'phased out: objdump for POWER9 does not know the floating-point pairs',
  },
  {
    mnemonic: /^(l[bhw]zcix|ldcix|st[bhwd]cix)$/,
    when: (word) => ra(word) === 0,
    theirs: /./,
    reason: 'the meaning of a hypervisor instruction does not say that RA = 0 is no register',
  },
  {
    mnemonic: /^mftb$/,
    when: (word) => ![268, 269].includes(bits(word, 11, 15) | (bits(word, 16, 20) << 5)),
    reason: 'time base registers are 268 and 269 only',
  },
  {
    mnemonic: /^paste\.$/,
    theirs: /^paste\. (0|r\d+),r\d+$/,
    reason: 'objdump for POWER9 does not print L',
  },
  {
    mnemonic: /^paste\.$/,
    when: (word) => bits(word, 10, 10) === 0,
    reason: 'objdump for POWER9 knows paste. with L = 1 only',
  },
  {
    mnemonic: /^(dcbf|sync|wait)$/,
    reason: 'forms of later editions: older CPUs ignore the reserved bits, objdump refuses the word',
  },
  {
    mnemonic: /^tend\.$/,
    theirs: /^tendall\.$/,
    reason: 'objdump prints the extended mnemonic for A = 1',
  },
  {
    mnemonic: /^mftb$/,
    reason: 'TBR other than 268 and 269, which the architecture treats as mfspr does',
  },
];

/** True when XA or XB of an outer product is one of the four registers of the accumulator. */
function overlapsAccumulator(word: number): boolean {
  const sources = [ra(word) | (bits(word, 29, 29) << 5), rb(word) | (bits(word, 30, 30) << 5)];
  return sources.some((n) => n >> 2 === bits(word, 6, 8));
}

function isPowerOfTwo(value: number): boolean {
  return value !== 0 && (value & (value - 1)) === 0;
}

/** True when lswi loads register n. */
function stringLoads(word: number, n: number): boolean {
  if (bits(word, 21, 30) !== 597) return false;
  const count = Math.ceil((rb(word) === 0 ? 32 : rb(word)) / 4);
  return ((n - rt(word)) & 31) < count;
}

/** Reason why the oracle's text for a word may differ, or undefined when it must not. */
export function gapReason(mnemonic: string, word: number, theirs: string): string | undefined {
  const found = binutilsGaps.find(
    (gap) => gap.mnemonic.test(mnemonic) && (gap.theirs ?? /^\.long/).test(theirs) && (gap.when?.(word) ?? true),
  );
  return found?.reason;
}
