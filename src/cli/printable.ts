// What may reach a terminal: names and values come from command lines and files, and may hold anything.

/**
 * @param text one line; a line end in it is no line end of ours
 * @returns it with `?` for every character that could change a terminal, break the line or turn its direction
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, '?');
}

/** @returns the lines as printable text, each with its end. */
export function printed(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('');
}
