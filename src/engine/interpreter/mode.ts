// The mode of an interpreter or of translated code: what MSR[SF] and MSR[LE] fix.

/** Mode bits that are fixed in a generated module. */
export interface Mode {
  readonly is64: boolean;
  readonly littleEndian: boolean;
}
