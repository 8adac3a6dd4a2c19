// The function symbols of an ELF64 file (System V ABI, chapter 4 "Symbol Table"), for reports that name guest code.

/** A function of the guest. */
export interface GuestSymbol {
  readonly address: bigint;
  readonly name: string;
}

const sectionSymbols = 2;
const functionType = 2;
const symbolBytes = 24;
/** Longer names are cut. */
const longestName = 256;
/** More than any kernel has; keeps a hostile file from costing time. */
const mostSymbols = 2_000_000;

/** A NUL-terminated name in `strings`; empty when it does not end there. */
function nameAt(strings: Uint8Array, at: number): string {
  const end = strings.indexOf(0, at);
  return end < 0 ? '' : String.fromCharCode(...strings.subarray(at, Math.min(end, at + longestName)));
}

/**
 * Function symbols sorted by address; none when the file has no symbol table or is not a 64-bit ELF file. Never throws:
 * a file whose tables point outside it has no symbols.
 */
export function elfSymbols(file: Uint8Array): readonly GuestSymbol[] {
  try {
    return readSymbols(file);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function readSymbols(file: Uint8Array): readonly GuestSymbol[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0) !== 0x7f454c46 || view.getUint8(4) !== 2) return [];
  const little = view.getUint8(5) === 1;
  const headers = Number(view.getBigUint64(0x28, little));
  const headerBytes = view.getUint16(0x3a, little);
  const count = view.getUint16(0x3c, little);
  const section = (index: number) => {
    const at = headers + index * headerBytes;
    return {
      type: view.getUint32(at + 4, little),
      offset: Number(view.getBigUint64(at + 0x18, little)),
      size: Number(view.getBigUint64(at + 0x20, little)),
      link: view.getUint32(at + 0x28, little),
    };
  };
  const symbols: GuestSymbol[] = [];
  for (let index = 0; index < count; index++) {
    const table = section(index);
    if (table.type !== sectionSymbols) continue;
    const names = section(table.link);
    const strings = file.subarray(names.offset, names.offset + names.size);
    for (let i = 0; i < Math.min(table.size / symbolBytes, mostSymbols); i++) {
      const at = table.offset + i * symbolBytes;
      if ((view.getUint8(at + 4) & 15) !== functionType) continue;
      const name = nameAt(strings, view.getUint32(at, little));
      if (name !== '') symbols.push({ address: view.getBigUint64(at + 8, little), name });
    }
  }
  return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

/** The symbol that an address lies in or behind; undefined below the first and far behind the last. */
export function symbolAt(symbols: readonly GuestSymbol[], address: bigint): GuestSymbol | undefined {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const symbol = symbols[middle];
    if (symbol && symbol.address <= address) low = middle + 1;
    else high = middle;
  }
  const found = symbols[low - 1];
  return found && address - found.address < 0x10_0000n ? found : undefined;
}
