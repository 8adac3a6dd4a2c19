// The report of `--profile`: where the guest spent its time, and what the engine did.
import { type EngineProfile, regionLeaveNames } from '../engine/profile.ts';
import { elfSymbols, symbolAt } from '../machine/loader/elf-symbols.ts';

const mostPlaces = 25;

function percent(part: number, whole: number): string {
  return whole > 0 ? `${((100 * part) / whole).toFixed(1)} %`.padStart(7) : '      –';
}

/** Samples by function where the kernel has symbols, else by address. */
function hotPlaces(profile: EngineProfile, kernel: Uint8Array | undefined): [string, number][] {
  const symbols = kernel ? elfSymbols(kernel) : [];
  const places = new Map<string, number>();
  for (const [address, count] of profile.samples) {
    const name = symbolAt(symbols, address)?.name ?? `0x${address.toString(16)}`;
    places.set(name, (places.get(name) ?? 0) + count);
  }
  return [...places].sort((a, b) => b[1] - a[1]);
}

/**
 * Lines of the report.
 * @param instructions guest instructions executed in all
 * @param kernel the ELF file whose symbols name the places, when there is one
 */
export function profileReport(profile: EngineProfile, instructions: number, kernel: Uint8Array | undefined): string[] {
  const { translated, leaves, tlbFills, translator } = profile;
  const places = hotPlaces(profile, kernel);
  const samples = places.reduce((total, [, count]) => total + count, 0);
  return [
    `guest instructions  ${instructions}: ${percent(translated, instructions).trim()} translated, the rest interpreted`,
    ...(translator
      ? [
          `translator          ${translator.regions} regions of ${translator.instructions} instructions in ${translator.modules} modules, ${translator.moduleBytes} bytes; ${translator.dropped} dropped`,
        ]
      : []),
    `TLB entries filled  ${tlbFills.read} for reading, ${tlbFills.write} for writing, ${tlbFills.execute} for fetching`,
    'translated code left',
    ...Object.entries(regionLeaveNames).map(([name, why]) => {
      // The entries of the table of names are those of the counts.
      const count = leaves[name as keyof typeof leaves];
      return `${String(count).padStart(10)}  ${why}`;
    }),
    `where the guest was (${samples} samples)`,
    ...places.slice(0, mostPlaces).map(([name, count]) => `${percent(count, samples)}  ${name}`),
  ];
}
