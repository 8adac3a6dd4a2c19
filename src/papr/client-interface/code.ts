// The few guest instructions of the platform: a stub that makes a private hypercall, big-endian. (Power ISA 3.1, book I)

/** `ori RA,RS,UI`. */
function ori(ra: number, rs: number, immediate: number): number {
  return ((24 << 26) | (rs << 21) | (ra << 16) | immediate) >>> 0;
}
/** `addi RT,0,SI`: loads a small immediate. */
function li(rt: number, immediate: number): number {
  return ((14 << 26) | (rt << 21) | immediate) >>> 0;
}
/** `sc 1`: a hypercall. */
const sc1 = ((17 << 26) | (1 << 5) | 2) >>> 0;
/** `blr`. */
const blr = ((19 << 26) | (20 << 21) | (16 << 1)) >>> 0;

/**
 * Code that is called with one argument in r3, passes it as the hypercall's first argument and returns its status.
 * It runs in 32-bit or 64-bit mode.
 */
export function hypercallStub(number: number): Uint8Array {
  const words = [ori(4, 3, 0), li(3, 0), ori(3, 3, number), sc1, blr];
  const code = new Uint8Array(4 * words.length);
  const view = new DataView(code.buffer);
  words.forEach((word, n) => {
    view.setUint32(4 * n, word);
  });
  return code;
}
