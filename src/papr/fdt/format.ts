// Numbers of the flattened format that reader and writer share. (Devicetree Specification 0.4, sections 5.2 and 5.4)

export const fdtMagic = 0xd00dfeed;
/** Version written, and the oldest that a reader of it must know. */
export const fdtVersion = 17;
export const fdtLastCompatibleVersion = 16;
/** Bytes of the version 17 header. */
export const fdtHeaderBytes = 40;

/** Byte offset of each header word. */
export const fdtHeader = {
  magic: 0,
  totalSize: 4,
  structureOffset: 8,
  stringsOffset: 12,
  reservationsOffset: 16,
  version: 20,
  lastCompatible: 24,
  bootCpu: 28,
  stringsSize: 32,
  structureSize: 36,
} as const;

/** Tokens of the structure block. */
export const fdtToken = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;

/** `n` rounded up to a multiple of four. */
export function align4(n: number): number {
  return Math.ceil(n / 4) * 4;
}
