// What may reach a terminal: names and values come from command lines and files, and may hold anything.

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const commanding = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * @param text one line; a line end in it is no line end of ours
 * @returns it with `?` for every character that could change a terminal, break the line or turn its direction
 */
function printable(text: string): string {
  return text.replace(commanding, '?');
}

/** @returns the lines as printable text, each with its end. */
export function printed(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** @returns a value as indented JSON with its line end, in which such characters are escaped. */
export function printedJson(value: unknown): string {
  const lines = JSON.stringify(value, undefined, 2).split('\n');
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return lines.map((line) => `${line.replace(commanding, escaped)}\n`).join('');
}
