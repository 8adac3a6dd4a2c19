// Names of CPU state outside the register files that meanings may use. `cpu/state.ts` gives each its place.

/** Slots, all 64 bits wide for a meaning (narrower ones are zero-extended). */
export type SlotName =
  | 'nip'
  | 'msr'
  | 'lr'
  | 'ctr'
  | 'tar'
  /** XER[CA], 0 or 1. */
  | 'ca'
  /** XER[CA32], 0 or 1. */
  | 'ca32'
  | 'ov'
  | 'ov32'
  | 'so'
  /** XER bits 57:63 (byte count) and the other bits that software can write. */
  | 'xerLow'
  /** XER bits that the CPU's edition lacks: OV32 and CA32 before edition 3.0. */
  | 'xerHidden'
  | 'fpscr'
  /** VSCR: bit 0 = SAT, bit 16 = NJ. */
  | 'vscr'
  | 'vrsave';
