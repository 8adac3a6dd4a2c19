// Values of device-tree properties as bytes: cells are big-endian 32-bit. (Devicetree Specification 0.4, section 2.2.4)

/** The value of a property. */
export type PropertyValue = Uint8Array;

/** A property that is there and has no value. */
export const empty: PropertyValue = new Uint8Array(0);

/** Cells, each taken modulo 2^32. */
export function cells(...values: readonly number[]): PropertyValue {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => {
    // An element takes its value modulo 256.
    bytes[4 * i] = value >>> 24;
    bytes[4 * i + 1] = value >>> 16;
    bytes[4 * i + 2] = value >>> 8;
    bytes[4 * i + 3] = value >>> 0;
  });
  return bytes;
}

/** A 64-bit number as its two cells, high first. */
export function cells64(value: number | bigint): readonly [number, number] {
  const wide = BigInt(value);
  return [Number((wide >> 32n) & 0xffffffffn), Number(wide & 0xffffffffn)];
}

/** The UTF-8 bytes of a text. Written out because core code has no TextEncoder. */
export function utf8(text: string): Uint8Array {
  const ascii = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    if (code >= 0x80) return wideUtf8(text);
    ascii[n] = code;
  }
  return ascii;
}

function wideUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return Uint8Array.from(bytes);
}

/** Strings, each followed by a NUL. */
export function strings(...texts: readonly string[]): PropertyValue {
  return utf8(texts.map((text) => `${text}\0`).join(''));
}

/** Parts one after the other. */
export function concatenated(...parts: readonly Uint8Array[]): PropertyValue {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The cells of a value; a rest of fewer than four bytes is left out. */
export function cellsOf(value: PropertyValue): number[] {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return Array.from({ length: value.length >> 2 }, (_, i) => view.getUint32(4 * i));
}

/** The text up to the first NUL, byte by byte (Latin-1). */
export function textOf(value: PropertyValue): string {
  const end = value.indexOf(0);
  return Array.from(end < 0 ? value : value.subarray(0, end), (byte) => String.fromCharCode(byte)).join('');
}
