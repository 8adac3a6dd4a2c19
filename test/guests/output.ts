// Reads what a test guest has printed: a line of hexadecimal fields for each case.
import { type Recorded, recordedFields } from './guest-case.ts';

/** What a run printed, case by case, and whether it came to its end. */
export interface GuestOutput {
  readonly records: readonly Recorded[];
  readonly complete: boolean;
  /** What is no record: an error that the runtime tells. */
  readonly rest: string;
}

/** Takes the printed text apart. */
export function readOutput(text: string): GuestOutput {
  const records: Recorded[] = [];
  let rest = '';
  for (const line of text.replaceAll('\r', '').split('\n')) {
    const match = /^([0-9a-f]{16})((?:[0-9a-f]{16}){11})$/.exec(line);
    const [, number = '', fields = ''] = match ?? [];
    if (match === null || Number.parseInt(number, 16) !== records.length) rest += line;
    else {
      const values = recordedFields.map((name, i) => [name, BigInt(`0x${fields.slice(16 * i, 16 * i + 16)}`)]);
      // The names are exactly those of Recorded.
      records.push(Object.fromEntries(values) as unknown as Recorded);
    }
  }
  return { records, complete: rest === '.', rest };
}
